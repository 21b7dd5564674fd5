import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../shared/clock/clock.ts";
import type { InformerSet } from "../../shared/informer/informer.ts";
import type { Log } from "../../shared/log/log.ts";
import { informerZone } from "./informer_zone.ts";
import { Resolver } from "./resolver.ts";
import { framed, frames } from "./tcp_frames.ts";
import { Upstream, type UpstreamAddress } from "./upstream.ts";

export interface DnsOptions {
  /** Where to listen; must be an address of the machine already. */
  readonly address: string;
  /** Usually 53. */
  readonly port: number;
  /** The cluster's domain: `cluster.local`. */
  readonly domain: string;
  readonly informers: InformerSet;
  /** Who is asked about all other names, in order (see `upstreamsOf`). */
  readonly upstreams: readonly UpstreamAddress[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface RunningDns {
  stop(): Promise<void>;
}

/** TCP clients at once; more are turned away. */
const MAX_CONNECTIONS = 256;
/** A TCP client that says nothing for this long is gone. */
const IDLE_MS = 10_000;

/**
 * Answers DNS on UDP and TCP: the cluster's names from the node's own view of Services, so also while the server is
 * out of reach, and all others through `upstreams`. Resolves when it listens; rejects if it cannot.
 */
export async function startDns(options: DnsOptions): Promise<RunningDns> {
  const { address, port, log } = options;
  const end = new AbortController();
  const resolver = new Resolver({
    domain: options.domain.toLowerCase().replace(/\.$/, ""),
    zone: informerZone(options.informers),
    upstream: new Upstream(options),
    log,
  });
  const answer = (query: Uint8Array, transport: "udp" | "tcp") =>
    resolver.answer(query, transport, end.signal).catch((error) => {
      if (!end.signal.aborted) log.error("DNS query not answered", error);
      return undefined;
    });
  const udp = await listenUdp(address, port, (query) => answer(query, "udp"));
  const tcp = await listenTcp(address, port, (query) => answer(query, "tcp")).catch((error) => {
    udp.close();
    throw error;
  });
  log.info("DNS listening", { address, port });
  return {
    async stop() {
      end.abort(new Error("DNS stopped"));
      await Promise.all([closeUdp(udp), tcp.close()]);
    },
  };
}

type Answer = (query: Uint8Array) => Promise<Uint8Array | undefined>;

function listenUdp(address: string, port: number, answer: Answer): Promise<UdpSocket> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", async (query, client) => {
    const reply = await answer(query);
    // The client may be gone, or we may be stopping: a datagram has no way to say so.
    if (reply) trySend(socket, reply, client);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, address, () => {
      socket.off("error", reject);
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

function trySend(socket: UdpSocket, reply: Uint8Array, to: { port: number; address: string }) {
  try {
    socket.send(reply, to.port, to.address, () => {});
  } catch { /* the socket was closed in between */ }
}

function closeUdp(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

async function listenTcp(
  address: string,
  port: number,
  answer: Answer,
): Promise<{ close(): Promise<void> }> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    if (connections.size >= MAX_CONNECTIONS) return void socket.destroy();
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    serveConnection(socket, answer);
  });
  await listening(server, address, port);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

/** Messages of one connection are answered one after another: a client cannot pile up work. */
function serveConnection(socket: Socket, answer: Answer): void {
  let last: Promise<unknown> = Promise.resolve();
  socket.on(
    "data",
    frames((query) => {
      socket.pause();
      last = last.then(async () => {
        const reply = await answer(query);
        if (reply && !socket.destroyed) socket.write(framed(reply));
        socket.resume();
      });
    }),
  );
}

function listening(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
