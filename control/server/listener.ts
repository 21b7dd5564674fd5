import { Buffer } from "node:buffer";
import http2 from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Log } from "../../shared/log/log.ts";
import { boundTlsReads } from "../../shared/stream/bound_tls_reads.ts";
import { answerDirectly } from "./direct_answer.ts";
import type { Env } from "./request_context.ts";

/** Answers a request; `env` is what the connection says about its sender. */
export type FetchHandler = (request: Request, env: Env["Bindings"]) => Response | Promise<Response>;

export interface TlsMaterial {
  readonly key: string;
  readonly cert: string;
  /** PEM of the authorities whose client certificates count. */
  readonly ca: string;
}

export interface ListenerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: TlsMaterial;
  readonly fetch: FetchHandler;
  readonly log: Log;
}

export interface Listener {
  readonly port: number;
  /** Serves new connections with another certificate; open ones go on. */
  setTls(tls: TlsMaterial): void;
  /** Takes no new connections, lets requests end for at most `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** An idle HTTP/1.1 connection is kept this long (the platform's default of 5 s breaks clients' pools). */
const keepAliveMs = 120_000;

/**
 * One TLS port for HTTP/2 and HTTP/1.1, client certificates optional, WebSocket and SPDY upgrades included. Rejects
 * if the address cannot be had.
 */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { tls, log } = options;
  const server = http2.createSecureServer({
    ...secureContext(tls),
    requestCert: true,
    // Not rejected: bearer tokens and anonymous health checks come without a certificate.
    rejectUnauthorized: false,
    allowHTTP1: true,
  });
  const certificates = certificateReader();
  const answer = getRequestListener(
    async (request, env) => {
      const { incoming, outgoing } = env as unknown as Connection;
      const clientCertificate = certificates(incoming);
      const response = await options.fetch(request, { clientCertificate });
      return answerDirectly(response, outgoing) ? RESPONSE_ALREADY_SENT : response;
    },
    { overrideGlobalObjects: false },
  );
  server.on("request", answer as unknown as (request: http2.Http2ServerRequest) => void);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void upgrade(options, { request, socket, head }, certificates(request as Incoming));
  });
  server.on(
    "sessionError",
    (error: Error) => log.debug("HTTP/2 session failed", { error: error.message }),
  );
  server.on(
    "tlsClientError",
    (error: Error) => log.debug("TLS handshake failed", { error: error.message }),
  );
  const http1 = server as unknown as { keepAliveTimeout: number };
  http1.keepAliveTimeout = keepAliveMs;
  const sockets = new Set<Duplex>();
  server.on("secureConnection", (socket: TLSSocket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    boundTlsReads(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  });
  await bind(server, options);
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    setTls: (next) => server.setSecureContext(secureContext(next)),
    close: (graceMs) => closeServer(server, sockets, graceMs),
  };
}

/** What the adapter passes on beside the request. */
interface Connection {
  readonly incoming: Incoming;
  readonly outgoing: ServerResponse | http2.Http2ServerResponse;
}

interface Incoming extends IncomingMessage {
  readonly stream?: { readonly session?: { readonly socket?: TLSSocket } };
}

function secureContext({ key, cert, ca }: TlsMaterial) {
  return { key, cert, ca, minVersion: "TLSv1.2" as const };
}

function bind(server: http2.Http2SecureServer, { host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** A connection's certificate is looked up once, not once a request. */
function certificateReader(): (incoming: Incoming) => Uint8Array | undefined {
  const known = new WeakMap<object, { readonly raw: Uint8Array | undefined }>();
  return (incoming) => {
    const owner: object = incoming.stream?.session ?? incoming.socket;
    const found = known.get(owner);
    if (found) return found.raw;
    const socket = incoming.stream?.session?.socket ?? incoming.socket as TLSSocket;
    // The subject of an unverified certificate is whatever its sender wrote: never look at it.
    const raw = socket.authorized === true
      ? socket.getPeerCertificate()?.raw as Uint8Array | undefined
      : undefined;
    known.set(owner, { raw });
    return raw;
  };
}

interface Raw {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Runs an upgrade request through the same chain as every other; whoever takes the socket answers on it. */
async function upgrade(
  { fetch: answer, log }: ListenerOptions,
  raw: Raw,
  clientCertificate: Uint8Array | undefined,
): Promise<void> {
  const { request, socket, head } = raw;
  let taken = false;
  socket.on("error", () => socket.destroy());
  try {
    const response = await answer(toRequest(request), {
      clientCertificate,
      upgrade: {
        protocol: String(request.headers.upgrade ?? ""),
        take: () => {
          taken = true;
          return { request, socket, head };
        },
      },
    });
    if (!taken) await writeResponse(socket, response);
  } catch (error) {
    log.error("Upgrade failed", error, { path: request.url });
    socket.destroy();
  }
}

function toRequest(request: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const url = `https://${request.headers.host ?? "localhost"}${request.url ?? "/"}`;
  return new Request(url, { method: request.method ?? "GET", headers });
}

async function writeResponse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const lines = [`HTTP/1.1 ${response.status} ${response.statusText || "Status"}`];
  response.headers.forEach((value, name) => lines.push(`${name}: ${value}`));
  lines.push(`content-length: ${body.length}`, "connection: close", "", "");
  socket.end(Buffer.concat([Buffer.from(lines.join("\r\n")), body]));
}

function closeServer(
  server: http2.Http2SecureServer,
  sockets: ReadonlySet<Duplex>,
  graceMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const cut = AbortSignal.timeout(graceMs);
    cut.addEventListener("abort", () => {
      for (const socket of sockets) socket.destroy();
    });
    server.close(() => resolve());
  });
}
