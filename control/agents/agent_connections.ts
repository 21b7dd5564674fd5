import http2 from "node:http2";
import type { Duplex } from "node:stream";
import type { Clock, Timer } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { plainDuplex } from "../../shared/stream/plain_duplex.ts";

/** How much of one stream may be under way: with the default of 64 KiB, far sites crawl. */
const streamWindowBytes = 1024 * 1024;
/** How often a quiet connection is asked whether its peer is still there. */
const pingMs = 30_000;
/** A peer that has not answered by then is gone. */
const pingTimeoutMs = 15_000;

/** How long a request waits for a node that is not connected: agents dial again within about a second. */
const arrivalMs = 3_000;

/** The agent of a node is not connected. */
export class AgentUnavailable extends Error {
  override readonly name = "AgentUnavailable";
  constructor(readonly node: string) {
    super(`Cannot reach node "${node}": its agent is not connected`);
  }
}

interface Connection {
  readonly session: http2.ClientHttp2Session;
  timer: Timer | undefined;
}

/**
 * The connections that agents dialled, turned round: requests go from here to the node's server through them, so that
 * no node needs an open port. A node that dials again replaces its connection.
 */
export class AgentConnections {
  readonly #connections = new Map<string, Connection>();
  /** Called when the node has dialled. */
  readonly #awaited = new Map<string, Set<() => void>>();
  readonly #clock: Clock;
  readonly #log: Log;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Names of the nodes that are connected. */
  get nodes(): readonly string[] {
    return [...this.#connections.keys()];
  }

  /** Takes over an upgraded socket: answers 101 and speaks HTTP/2 to the agent from then on. */
  accept(node: string, socket: Duplex): void {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: coracle-agent\r\nConnection: Upgrade\r\n\r\n",
    );
    const session = http2.connect(`http://${node}`, {
      createConnection: () => plainDuplex(socket),
      settings: { initialWindowSize: streamWindowBytes },
    });
    const connection: Connection = { session, timer: undefined };
    const previous = this.#connections.get(node);
    this.#connections.set(node, connection);
    previous?.session.destroy();
    session.on(
      "error",
      (error: Error) => this.#log.debug("Agent connection failed", { node, error: error.message }),
    );
    session.once("close", () => {
      connection.timer?.cancel();
      if (this.#connections.get(node) !== connection) return;
      this.#connections.delete(node);
      this.#log.info("Agent disconnected", { node });
    });
    this.#schedulePing(connection);
    this.#log.info("Agent connected", { node });
    for (const arrived of this.#awaited.get(node) ?? []) arrived();
  }

  /**
   * Resolves when the node is connected, or when it has not dialled for a while: after a restart of the server, or of its
   * agent, a node is away for a moment, which nobody need notice.
   */
  async arrival(node: string): Promise<void> {
    if (this.#connections.has(node)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#awaited.get(node) ?? new Set();
    this.#awaited.set(node, waiting.add(resolve));
    const timer = this.#clock.after(arrivalMs, resolve);
    await promise;
    timer.cancel();
    waiting.delete(resolve);
    if (waiting.size === 0) this.#awaited.delete(node);
  }

  /** Opens a stream to the node's server. Throws AgentUnavailable. */
  open(node: string, headers: http2.OutgoingHttpHeaders): http2.ClientHttp2Stream {
    const connection = this.#connections.get(node);
    if (!connection || connection.session.destroyed || connection.session.closed) {
      throw new AgentUnavailable(node);
    }
    return connection.session.request(headers, { endStream: false });
  }

  close(): void {
    for (const { session } of this.#connections.values()) session.destroy();
    this.#connections.clear();
  }

  #schedulePing(connection: Connection): void {
    connection.timer = this.#clock.after(pingMs, () => {
      const { session } = connection;
      const late = this.#clock.after(pingTimeoutMs, () => session.destroy());
      const sent = session.ping((error: Error | null) => {
        late.cancel();
        if (error) session.destroy();
        else this.#schedulePing(connection);
      });
      if (!sent) {
        late.cancel();
        session.destroy();
      }
    });
  }
}
