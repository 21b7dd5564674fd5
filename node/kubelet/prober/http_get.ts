import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Container, HTTPGetAction } from "../../../shared/api/core/v1/types.gen.ts";
import type { Clock } from "../../../shared/clock/clock.ts";
import { dialMessage } from "../../../shared/stream/dial_message.ts";

/** How much of an answer is read: enough to say what was wrong. */
const BODY_LIMIT = 10 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpGetTarget {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where an `httpGet` leads. Throws if it names a port that the container does not have. */
export function httpTarget(
  action: HTTPGetAction,
  container: Container,
  podIp: string,
): HttpGetTarget {
  const headers: Record<string, string> = {
    "User-Agent": "kube-probe/1.37",
    Accept: "*/*",
    Connection: "close",
  };
  for (const { name, value } of action.httpHeaders ?? []) headers[name] = value;
  return {
    scheme: action.scheme === "HTTPS" ? "https" : "http",
    host: action.host || podIp,
    port: resolvePort(action.port, container),
    path: action.path ? (action.path.startsWith("/") ? action.path : `/${action.path}`) : "/",
    headers,
  };
}

/** A number, or the number of the container's port of that name. */
export function resolvePort(port: number | string, container: Container): number {
  const number = Number(port);
  if (Number.isInteger(number) && number > 0) return number;
  const named = container.ports?.find(({ name }) => name === port);
  if (!named) throw new Error(`couldn't find port: "${port}" in container: ${container.name}`);
  return named.containerPort;
}

/** The address as it is shown in messages. */
export function urlOf({ scheme, host, port, path }: HttpGetTarget): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
}

/**
 * One GET. Certificates are not verified, as for the reference's probes: the pod is addressed by its IP. Rejects
 * with a message in the reference's words when nobody answers in time.
 */
export function httpGet(
  target: HttpGetTarget,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<HttpAnswer> {
  const { scheme, host, port, path, headers } = target;
  const what = `Get "${urlOf(target)}"`;
  return new Promise((resolve, reject) => {
    const send = scheme === "https" ? httpsRequest : httpRequest;
    const options = { host, port, path, headers, agent: false as const, rejectUnauthorized: false };
    const sending = send(options, (answer) => {
      readSome(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 0, body }),
        reject,
      ).finally(() => {
        timer.cancel();
        sending.destroy();
      });
    });
    const timer = clock.after(timeoutMs, () => {
      sending.destroy();
      const text = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
      reject(new Error(`${what}: ${text}`));
    });
    sending.on("error", (error: Error & { code?: string }) => {
      timer.cancel();
      reject(new Error(`${what}: ${dialMessage(error, host, port)}`));
    });
    sending.end();
  });
}

async function readSome(answer: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of answer) {
    body += new TextDecoder().decode(chunk as Uint8Array);
    if (body.length >= BODY_LIMIT) break;
  }
  return body.slice(0, BODY_LIMIT);
}
