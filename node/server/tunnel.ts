import { Buffer } from "node:buffer";
import http2 from "node:http2";
import process from "node:process";
import tls from "node:tls";
import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Log } from "../../shared/log/log.ts";
import { boundTlsReads } from "../../shared/stream/bound_tls_reads.ts";
import { plainDuplex } from "../../shared/stream/plain_duplex.ts";

export interface TunnelOptions {
  /** `https://host:port` of the API server. */
  readonly server: string;
  readonly caPem: string;
  /** Asked before each dial, so that the certificate can rotate. */
  readonly certificate: () => { readonly certPem: string; readonly keyPem: string };
  readonly handle: (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const path = "/coracle/v1/agent";
/** How much of one stream may be under way: with the default of 64 KiB, far sites crawl. */
const streamWindowBytes = 1024 * 1024;
const minRetryMs = 500;
const maxRetryMs = 15_000;
const handshakeMs = 15_000;
const maxAnswerBytes = 16 * 1024;

/**
 * Keeps one connection to the API server open for as long as `signal` is not aborted, and answers through it what the
 * server asks of this node. The node listens nowhere.
 */
export async function runTunnel(options: TunnelOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = options;
  const server = http2.createServer({ settings: { initialWindowSize: streamWindowBytes } });
  server.on("request", options.handle);
  server.on(
    "sessionError",
    (error: Error) => log.debug("Server connection failed", { error: error.message }),
  );
  let retryMs = minRetryMs;
  while (!signal.aborted) {
    try {
      const socket = await dial(options, signal);
      log.info("Connected to the server");
      retryMs = minRetryMs;
      await serve(server, socket, signal);
      if (!signal.aborted) log.warn("Connection to the server lost");
    } catch (error) {
      if (signal.aborted) break;
      log.warn("Server cannot be reached", { error: (error as Error).message, retryMs });
    }
    const wait = retryMs * (0.5 + random.float());
    retryMs = Math.min(retryMs * 2, maxRetryMs);
    await sleep(clock, wait, signal).catch(() => undefined);
  }
  server.close();
}

/** Connects and upgrades. What follows the answer's head stays in the socket. */
function dial(options: TunnelOptions, signal: AbortSignal): Promise<tls.TLSSocket> {
  const { hostname, port } = new URL(options.server);
  const { certPem, keyPem } = options.certificate();
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host: hostname,
      port: Number(port || 443),
      ca: options.caPem,
      cert: certPem,
      key: keyPem,
      ALPNProtocols: ["http/1.1"],
    });
    const fail = (error: Error) => {
      timer.cancel();
      socket.destroy();
      reject(error);
    };
    const timer = options.clock.after(handshakeMs, () => fail(new Error("no answer in time")));
    signal.addEventListener("abort", () => fail(new Error("stopped")), { once: true });
    socket.once("error", fail);
    socket.once("close", () => fail(new Error("connection closed")));
    socket.once("secureConnect", () => {
      boundTlsReads(socket);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: coracle-agent\r\n\r\n`,
      );
      readAnswer(socket).then(() => {
        timer.cancel();
        resolve(socket);
      }, fail);
    });
  });
}

function readAnswer(socket: tls.TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const onData = (chunk: Uint8Array) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0 && head.length <= maxAnswerBytes) return;
      socket.off("data", onData);
      socket.pause();
      const status = /^HTTP\/1\.1 (\d{3})/.exec(head.toString("latin1", 0, 16))?.[1];
      if (end < 0 || status !== "101") {
        return reject(new Error(`the server answered ${status ?? "nonsense"}`));
      }
      // The server's first HTTP/2 bytes may have come along.
      const rest = head.subarray(end + 4);
      if (rest.length > 0) socket.unshift(rest);
      resolve();
    };
    socket.on("data", onData);
  });
}

/** Lets the HTTP/2 server speak on the socket; resolves when it is closed. */
function serve(
  server: http2.Http2Server,
  socket: tls.TLSSocket,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => socket.destroy();
    signal.addEventListener("abort", stop, { once: true });
    socket.once("close", () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    const duplex = plainDuplex(socket);
    duplex.on("error", () => socket.destroy());
    server.emit("connection", duplex);
    process.nextTick(() => socket.resume());
  });
}
