import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as httpRequest,
} from "node:http";
import type { Duplex } from "node:stream";
import { StatusError } from "../../../../shared/meta/status_error.ts";
import { join, writeAll } from "../../../../shared/stream/write_all.ts";
import type { Upgrade } from "../../../server/request_context.ts";
import type { ResourceRequest } from "../../resource_request.ts";
import { bodyOf, sendBody } from "../node_exchange.ts";
import { answerHeaders, forwardedHeaders } from "./headers.ts";
import { rewriteLocation } from "./rewrite_location.ts";

/** What is passed on. */
export type ForwardedRequest = Pick<ResourceRequest, "raw" | "upgrade" | "signal">;

export interface ForwardOptions {
  /** `host:port`, by which redirects to itself are known. */
  readonly target: string;
  /** A connection to the target for this request alone, or whoever keeps connections to it (not for upgrades). */
  readonly through: Duplex | Agent;
  /** Path and query at the target. */
  readonly path: string;
  /** Path of ours that leads to the target's root. */
  readonly prefix: string;
  /** The target is told these besides the client's own. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Headers of the client that the target must not see. */
  readonly withheld?: (name: string) => boolean;
}

/**
 * Sends a request on to a server in the cluster and gives its answer; an upgrade that the server accepts takes the
 * client's connection over. Throws StatusError.
 */
export async function forward(
  request: ForwardedRequest,
  options: ForwardOptions,
): Promise<Response> {
  const { raw, upgrade } = request;
  const { target, prefix } = options;
  const sending = tryBegin(request, options);
  const answering = answerOf(sending);
  if (raw.body) sendBody(raw.body, sending).catch(() => sending.destroy());
  else sending.end();
  const answer = await answering;
  if (answer.upgraded) return await takeOver(upgrade!, answer);
  const requestHost = hostOf(raw);
  return responseOf(
    raw,
    answer.message,
    (location) => rewriteLocation(location, { target, requestHost, prefix }),
  );
}

/** What may be in a name may not be in a header. */
function tryBegin(request: ForwardedRequest, options: ForwardOptions): ClientRequest {
  try {
    return begin(request, options);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    if (code === "ERR_INVALID_CHAR") throw unreachable(`net/http: ${message}`, error);
    throw error;
  }
}

function begin(
  { raw, upgrade, signal }: ForwardedRequest,
  { through, path, headers: more, withheld = () => false }: ForwardOptions,
): ClientRequest {
  const own = Object.entries(forwardedHeaders(raw.headers)).filter(([name]) => !withheld(name));
  const headers = {
    ...Object.fromEntries(own),
    "host": hostOf(raw),
    "x-forwarded-uri": new URL(raw.url).pathname,
    ...more,
    ...(upgrade && { connection: "Upgrade", upgrade: upgrade.protocol }),
  } as OutgoingHttpHeaders;
  const sending = httpRequest({
    ...(through instanceof Agent ? { agent: through } : { createConnection: () => through }),
    method: raw.method,
    path,
    headers,
    setHost: false,
  });
  const stop = () => sending.destroy();
  signal.addEventListener("abort", stop, { once: true });
  sending.once("close", () => signal.removeEventListener("abort", stop));
  if (!(through instanceof Agent)) {
    sending.once("error", () => through.destroy());
    through.once("close", () => sending.destroy(new Error("EOF")));
  }
  return sending;
}

function hostOf(raw: Request): string {
  return raw.headers.get("host") ?? new URL(raw.url).host;
}

interface Answer {
  readonly message: IncomingMessage;
  readonly upgraded?: { readonly socket: Duplex; readonly head: Uint8Array };
}

function answerOf(sending: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    sending.once("response", (message) => resolve({ message }));
    sending.once(
      "upgrade",
      (message: IncomingMessage, socket: Duplex, head: Uint8Array) =>
        resolve({ message, upgraded: { socket, head } }),
    );
    sending.on("error", (error) => reject(unreachable(error.message, error)));
    sending.once("close", () => reject(unreachable("EOF")));
  });
}

/** 503 in the reference's words. */
export function unreachable(why: string, cause?: unknown): StatusError {
  return new StatusError("ServiceUnavailable", `error trying to reach service: ${why}`, { cause });
}

function responseOf(
  raw: Request,
  message: IncomingMessage,
  relocate: (location: string) => string,
): Response {
  const headers = answerHeaders(message.headers);
  const location = headers.get("location");
  if (location !== null) headers.set("location", relocate(location));
  const status = message.statusCode ?? 502;
  const hasBody = raw.method !== "HEAD" && status !== 204 && status !== 205 && status !== 304;
  if (!hasBody) message.resume();
  return new Response(hasBody ? bodyOf(message) : null, { status, headers });
}

async function takeOver(upgrade: Upgrade, { message, upgraded }: Answer): Promise<Response> {
  const { socket, head } = upgrade.take();
  const lines = [`HTTP/1.1 ${message.statusCode} ${message.statusMessage}`];
  const { rawHeaders } = message;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  }
  if (head.length > 0) socket.unshift(head);
  await writeAll(socket, new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  if (upgraded!.head.length > 0) await writeAll(socket, upgraded!.head);
  join(socket, upgraded!.socket);
  return new Response(null);
}
