import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { StatusError } from "../../../../shared/meta/status_error.ts";
import { join, writeAll } from "../../../../shared/stream/write_all.ts";
import type { ResourceRequest } from "../../resource_request.ts";
import { bodyOf, sendBody } from "../node_exchange.ts";
import { answerHeaders, forwardedHeaders } from "./headers.ts";
import type { ProxyTarget } from "./proxy_target.ts";
import { rewriteLocation } from "./rewrite_location.ts";

export interface ForwardOptions {
  readonly target: ProxyTarget;
  /** A connection to the target. */
  readonly connection: Duplex;
  /** Path and query at the target. */
  readonly path: string;
  /** Path of ours that leads to the target's root. */
  readonly prefix: string;
}

/**
 * Sends a request on to a server in the cluster and gives its answer; an upgrade that the server accepts takes the
 * client's connection over. Throws StatusError.
 */
export async function forward(
  request: ResourceRequest,
  options: ForwardOptions,
): Promise<Response> {
  const { raw, upgrade, signal } = request;
  const { target, path, connection, prefix } = options;
  const url = new URL(raw.url);
  const headers: Record<string, string> = {
    ...forwardedHeaders(raw.headers),
    host: raw.headers.get("host") ?? url.host,
    "x-forwarded-uri": url.pathname,
  };
  if (upgrade) Object.assign(headers, { connection: "Upgrade", upgrade: upgrade.protocol });
  const socket = target.scheme === "https" ? overTls(connection) : connection;
  const stop = () => connection.destroy();
  signal.addEventListener("abort", stop, { once: true });
  connection.once("close", () => signal.removeEventListener("abort", stop));
  const sending = httpRequest({
    createConnection: () => socket as never,
    method: raw.method,
    path,
    headers,
    setHost: false,
  });
  const answering = answerOf(sending, connection);
  if (raw.body) sendBody(raw.body, sending).catch(() => sending.destroy());
  else sending.end();
  const answer = await answering;
  if (answer.upgraded) return await takeOver(request, answer);
  return responseOf(request, answer.message, (location) =>
    rewriteLocation(location, {
      target: `${target.host}:${target.port}`,
      requestHost: headers.host!,
      prefix,
    }));
}

/** As for the reference's proxy: who is asked is known by its address alone, so no certificate can prove it. */
function overTls(connection: Duplex): Duplex {
  return tlsConnect({ socket: connection as never, rejectUnauthorized: false });
}

interface Answer {
  readonly message: IncomingMessage;
  readonly upgraded?: { readonly socket: Duplex; readonly head: Uint8Array };
}

function answerOf(sending: ClientRequest, connection: Duplex): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      connection.destroy();
      reject(unreachable(error.message, error));
    };
    sending.once("response", (message) => resolve({ message }));
    sending.once(
      "upgrade",
      (message: IncomingMessage, socket: Duplex, head: Uint8Array) =>
        resolve({ message, upgraded: { socket, head } }),
    );
    sending.on("error", fail);
    connection.once("close", () => fail(new Error("EOF")));
  });
}

/** 503 in the reference's words. */
export function unreachable(why: string, cause?: unknown): StatusError {
  return new StatusError("ServiceUnavailable", `error trying to reach service: ${why}`, { cause });
}

function responseOf(
  { raw }: ResourceRequest,
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

async function takeOver(
  { upgrade }: ResourceRequest,
  { message, upgraded }: Answer,
): Promise<Response> {
  const { socket, head } = upgrade!.take();
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
