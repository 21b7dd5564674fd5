import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Clock } from "../../shared/clock/clock.ts";
import { BufferPool } from "../../shared/http2/frame_writer.ts";
import { HpackEncoder } from "../../shared/http2/hpack_encoder.ts";
import type { Log } from "../../shared/log/log.ts";
import { boundTlsReads } from "../../shared/stream/bound_tls_reads.ts";
import { answerDirectly } from "./direct_answer.ts";
import { exchange } from "./http2_exchange.ts";
import { Http2Session } from "./http2_session.ts";
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
  readonly clock: Clock;
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
/** Connections whose other end is gone without a word are found out by TCP itself after this time (as in Go). */
const tcpKeepAliveMs = 15_000;

/**
 * One TLS port for HTTP/2 and HTTP/1.1, client certificates optional, WebSocket and SPDY upgrades included. HTTP/2 is
 * ours (designs/003), HTTP/1.1 the platform's. Rejects if the address cannot be had.
 */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { tls, log } = options;
  const server = https.createServer({
    ...secureContext(tls),
    ALPNProtocols: ["h2", "http/1.1"],
    requestCert: true,
    // Not rejected: bearer tokens and anonymous health checks come without a certificate.
    rejectUnauthorized: false,
  });
  server.keepAliveTimeout = keepAliveMs;
  serveHttp1(server, options);
  const connections = new Map<TLSSocket, Http2Session | undefined>();
  const startHttp2 = http2Starter(options);
  const startHttp1 = server.listeners("secureConnection");
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket: TLSSocket) => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, tcpKeepAliveMs);
    boundTlsReads(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => connections.delete(socket));
    const isHttp2 = socket.alpnProtocol === "h2";
    connections.set(socket, isHttp2 ? startHttp2(socket) : undefined);
    if (!isHttp2) { for (const start of startHttp1) start.call(server, socket); }
  });
  server.on(
    "tlsClientError",
    (error: Error) => log.debug("TLS handshake failed", { error: error.message }),
  );
  await bind(server, options);
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    setTls: (next) => server.setSecureContext(secureContext(next)),
    close: (graceMs) => closeServer(server, connections, graceMs),
  };
}

/** What the adapter passes on beside the request. */
interface Connection {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

function serveHttp1(server: https.Server, options: ListenerOptions): void {
  const peers = new WeakMap<object, Peer>();
  /** A connection's certificate is looked up once, not once a request. */
  const peerAt = (socket: object) => {
    let known = peers.get(socket);
    if (!known) peers.set(socket, known = peerOf(socket as TLSSocket));
    return known;
  };
  const answer = getRequestListener(
    async (request, env) => {
      const { incoming, outgoing } = env as unknown as Connection;
      const response = await options.fetch(request, peerAt(incoming.socket));
      return answerDirectly(response, outgoing) ? RESPONSE_ALREADY_SENT : response;
    },
    { overrideGlobalObjects: false },
  );
  server.on("request", answer);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void upgrade(options, { request, socket, head }, peerAt(request.socket));
  });
}

/** Starts HTTP/2 on a socket whose client chose it. */
function http2Starter({ fetch: answer, clock, log }: ListenerOptions) {
  const encoder = new HpackEncoder();
  const pool = new BufferPool();
  const date = httpDate(clock);
  return (socket: TLSSocket): Http2Session => {
    const env = peerOf(socket);
    return new Http2Session({
      socket,
      encoder,
      pool,
      clock,
      log,
      handle: (stream) =>
        exchange(stream, (request) => answer(request as unknown as Request, env), date),
    });
  };
}

/** The time as a `date` header has it, made at most once a second. */
function httpDate(clock: Clock): () => string {
  let second = -1;
  let text = "";
  return () => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}

function secureContext({ key, cert, ca }: TlsMaterial) {
  return { key, cert, ca, minVersion: "TLSv1.2" as const };
}

function bind(server: https.Server, { host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

type Peer = Pick<Env["Bindings"], "clientCertificate" | "peerAddress">;

/** Who is at the other end. The subject of an unverified certificate is whatever its sender wrote: never look at it. */
function peerOf(socket: TLSSocket): Peer {
  return {
    clientCertificate: socket.authorized === true ? socket.getPeerCertificate()?.raw : undefined,
    peerAddress: socket.remoteAddress?.replace(/^::ffff:/, ""),
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
  peer: Peer,
): Promise<void> {
  const { request, socket, head } = raw;
  let taken = false;
  socket.on("error", () => socket.destroy());
  try {
    const response = await answer(toRequest(request), {
      ...peer,
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
  server: https.Server,
  connections: ReadonlyMap<TLSSocket, Http2Session | undefined>,
  graceMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const cut = AbortSignal.timeout(graceMs);
    cut.addEventListener("abort", () => {
      for (const socket of connections.keys()) socket.destroy();
    });
    server.close(() => resolve());
    for (const session of connections.values()) session?.drain();
    server.closeIdleConnections();
  });
}
