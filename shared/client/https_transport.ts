import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { Clock } from "../clock/clock.ts";
import { systemClock } from "../clock/clock.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

export interface ClientCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}
/** Where the API is and who we are there. The functions are asked before each request, so that credentials can rotate. */
export interface HttpsTransportConfig {
  /** E.g. `https://10.0.0.1:6443`; a path is put before every request's. */
  readonly server: string;
  /** Trusted CAs; without them, the machine's. */
  readonly caPem?: string;
  readonly certificate?: () => ClientCertificate;
  readonly token?: () => string | Promise<string>;
  /** Name to verify the server's certificate against, if not the host of `server`. */
  readonly serverName?: string;
}
export interface HttpsTransportOptions {
  readonly clock?: Clock;
  /** Connections at most, watches included. Default 100; further requests wait. */
  readonly maxConnections?: number;
  /** A request whose answer does not begin or go on for this long has failed. Default 60 s. */
  readonly idleMs?: number;
  /** The same for watches, which hear a bookmark about every minute. Default 150 s. */
  readonly watchIdleMs?: number;
}
/** A transport that holds connections. */
export interface HttpsTransport extends Transport {
  /** Closes every connection; what is under way fails. */
  close(): void;
}

/**
 * Reaches the API over HTTPS, HTTP/1.1 with kept connections. That protocol is chosen because a connection whose peer
 * has died is dropped alone, where a shared HTTP/2 connection would hold up every request until TCP gives up.
 */
export function httpsTransport(
  config: HttpsTransportConfig,
  options: HttpsTransportOptions = {},
): HttpsTransport {
  const { clock = systemClock, idleMs = 60_000, watchIdleMs = 150_000 } = options;
  const server = new URL(config.server);
  const prefix = server.pathname.replace(/\/$/, "");
  const agents = agentPool(config, options.maxConnections ?? 100);
  return {
    async send(request) {
      const token = await config.token?.();
      return exchange(
        {
          host: server.hostname.replace(/^\[|\]$/g, ""),
          port: server.port || 443,
          path: prefix + request.path,
          method: request.method,
          headers: headersOf(request, token),
          agent: agents.current(),
        },
        { request, clock, idleMs: isWatch(request.path) ? watchIdleMs : idleMs },
      );
    },
    close: agents.close,
  };
}

/** One agent for each client certificate in use; an old one ends with its last request. */
function agentPool(config: HttpsTransportConfig, maxSockets: number) {
  let agent: Agent | undefined;
  let certPem: string | undefined;
  return {
    current(): Agent {
      const certificate = config.certificate?.();
      if (agent && certificate?.certPem === certPem) return agent;
      const old = agent;
      certPem = certificate?.certPem;
      agent = new Agent({
        keepAlive: true,
        keepAliveMsecs: 15_000,
        maxSockets,
        maxFreeSockets: 4,
        ...(config.caPem !== undefined && { ca: config.caPem }),
        ...(certificate && { cert: certificate.certPem, key: certificate.keyPem }),
        ...(config.serverName !== undefined && { servername: config.serverName }),
      });
      for (const sockets of Object.values(old?.freeSockets ?? {})) {
        for (const socket of sockets ?? []) socket.destroy();
      }
      return agent;
    },
    close: () => agent?.destroy(),
  };
}

function headersOf(request: TransportRequest, token: string | undefined): Record<string, string> {
  return {
    ...(request.accept && { accept: request.accept }),
    ...(request.contentType && { "content-type": request.contentType }),
    ...(request.userAgent && { "user-agent": request.userAgent }),
    ...(request.body !== undefined &&
      { "content-length": String(new TextEncoder().encode(request.body).length) }),
    ...(token && { authorization: `Bearer ${token.trim()}` }),
  };
}

function isWatch(path: string): boolean {
  return /[?&](watch|follow)=(true|1)(&|$)/.test(path);
}

interface Exchange {
  readonly request: TransportRequest;
  readonly clock: Clock;
  readonly idleMs: number;
}

function exchange(target: RequestOptions, options: Exchange): Promise<TransportResponse> {
  const { request, clock, idleMs } = options;
  return new Promise((resolve, reject) => {
    request.signal?.throwIfAborted();
    const outgoing = httpsRequest(target);
    const fail = (error: unknown) => {
      idle.stop();
      request.signal?.removeEventListener("abort", onAbort);
      outgoing.destroy(error as Error);
      reject(unreachable(request, error));
    };
    const onAbort = () => fail(request.signal!.reason);
    const idle = idleTimer(clock, {
      idleMs,
      onIdle: () => fail(new Error(`nothing heard for ${idleMs / 1000} s`)),
    });
    request.signal?.addEventListener("abort", onAbort, { once: true });
    outgoing.on("error", fail);
    outgoing.on("response", (incoming: IncomingMessage) => {
      incoming.on("close", () => {
        idle.stop();
        request.signal?.removeEventListener("abort", onAbort);
      });
      resolve(responseOf(incoming, { request, onData: idle.touch }));
    });
    outgoing.end(request.body);
  });
}

function responseOf(
  incoming: IncomingMessage,
  options: { request: TransportRequest; onData: () => void },
): TransportResponse {
  async function* stream(): AsyncIterable<Uint8Array> {
    try {
      for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
        options.onData();
        yield chunk;
      }
    } catch (error) {
      throw unreachable(options.request, error);
    } finally {
      if (!incoming.complete) incoming.destroy();
    }
    if (!incoming.complete) {
      throw unreachable(options.request, new Error("connection closed within the answer"));
    }
  }
  return {
    status: incoming.statusCode ?? 0,
    stream,
    async text() {
      const decoder = new TextDecoder();
      let text = "";
      for await (const chunk of stream()) text += decoder.decode(chunk, { stream: true });
      return text + decoder.decode();
    },
  };
}

/** Calls `onIdle` once when `touch` was not called for `idleMs`. One timer, however often it is touched. */
function idleTimer(clock: Clock, options: { idleMs: number; onIdle: () => void }) {
  let last = clock.monotonic();
  const check = () => {
    const left = last + options.idleMs - clock.monotonic();
    if (left <= 0) options.onIdle();
    else timer = clock.after(left, check);
  };
  let timer = clock.after(options.idleMs, check);
  return {
    touch: () => {
      last = clock.monotonic();
    },
    stop: () => timer.cancel(),
  };
}

function unreachable(request: TransportRequest, cause: unknown): Error {
  if (request.signal?.aborted) return cause as Error;
  const path = request.path.split("?", 1)[0];
  return new Error(`Cannot ${request.method} ${path}: no answer`, { cause });
}
