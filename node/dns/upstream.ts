import { createSocket } from "node:dgram";
import { connect } from "node:net";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { AnswerCache } from "./answer_cache.ts";
import { framed, frames } from "./tcp_frames.ts";
import { codeOf, isAnswerTo, outlineOf, questionKey } from "./wire.ts";

/** A resolver: `10.0.0.1`, `10.0.0.1:5353` or `[fd00::1]:53`. */
export type UpstreamAddress = string;

export type Transport = "udp" | "tcp";

export interface UpstreamOptions {
  readonly upstreams: readonly UpstreamAddress[];
  readonly clock: Clock;
  readonly log: Log;
}

/** A client's own patience is 5 seconds in glibc and musl: two resolvers must fit in. */
const TIMEOUT_MS = 2_000;
/** Questions on their way; more are refused rather than kept waiting. */
const MAX_IN_FLIGHT = 256;
/** Longer queries than the protocol first allowed are passed on, but not remembered. */
const MAX_KEY_BYTES = 512;
const SERVFAIL = 2;
const REFUSED = 5;

/** Asks other resolvers, in order, and remembers what they said. */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #cache: AnswerCache;
  /** The one that answered last is asked first. */
  #preferred = 0;
  #inFlight = 0;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#cache = new AnswerCache(options.clock);
  }

  /** The answer to `query`, as bytes made out to it; undefined if nobody gave one. */
  async ask(query: Uint8Array, transport: Transport, signal: AbortSignal): Promise<
    Uint8Array | undefined
  > {
    const key = cacheKey(query, transport);
    const kept = key === undefined ? undefined : this.#cache.get(key, query);
    if (kept) return kept;
    if (this.#inFlight >= MAX_IN_FLIGHT) return undefined;
    this.#inFlight++;
    try {
      const answer = await this.#askEach(query, transport, signal);
      if (answer && key !== undefined) this.#cache.put(key, answer);
      return answer;
    } finally {
      this.#inFlight--;
    }
  }

  async #askEach(
    query: Uint8Array,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const { upstreams, clock, log } = this.#options;
    const first = this.#preferred;
    let last: Uint8Array | undefined;
    for (let i = 0; i < upstreams.length && !signal.aborted; i++) {
      const index = (first + i) % upstreams.length;
      const upstream = upstreams[index]!;
      try {
        const call = { upstream, clock, signal };
        const answer = await (transport === "udp" ? askUdp(query, call) : askTcp(query, call));
        last = answer;
        if ([SERVFAIL, REFUSED].includes(codeOf(answer))) continue;
        this.#preferred = index;
        return answer;
      } catch (error) {
        if (!signal.aborted) {
          log.debug("Resolver gave no answer", { upstream, error: String(error) });
        }
      }
    }
    return last;
  }
}

/**
 * All that the answer depends on: the question, header flags, and what the client says of itself by EDNS after the
 * question. Undefined for queries too odd to remember.
 */
function cacheKey(query: Uint8Array, transport: Transport): string | undefined {
  if (query.length > MAX_KEY_BYTES) return undefined;
  try {
    const after = query.subarray(outlineOf(query).questionEnd);
    const bits = `${query[2]! & 1}${query[3]! & 0x30}`;
    return [transport, bits, String.fromCharCode(...after), questionKey(query)].join(" ");
  } catch {
    return undefined;
  }
}

interface Call {
  readonly upstream: UpstreamAddress;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

function askUdp(query: Uint8Array, call: Call): Promise<Uint8Array> {
  const { host, port } = endpointOf(call.upstream);
  // A socket for each question: its random port is what makes a forged answer hard to place.
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return within(call, () => socket.close(), (resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (data, from) => {
      const answer = new Uint8Array(data);
      if (from.port === port && from.address === host && isAnswerTo(query, answer)) resolve(answer);
    });
    socket.send(query, port, host, (error) => error && reject(error));
  });
}

function askTcp(query: Uint8Array, call: Call): Promise<Uint8Array> {
  const socket = connect(endpointOf(call.upstream));
  return within(call, () => socket.destroy(), (resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("Cannot ask resolver: connection closed")));
    socket.on(
      "data",
      frames((answer) => {
        if (isAnswerTo(query, answer)) resolve(answer);
      }),
    );
    socket.write(framed(query));
  });
}

function within(
  { clock, signal }: Call,
  close: () => void,
  start: (resolve: (answer: Uint8Array) => void, reject: (error: unknown) => void) => void,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const stop = () => reject(signal.reason);
  const timer = clock.after(
    TIMEOUT_MS,
    () => reject(new Error(`Cannot ask resolver: no answer after ${TIMEOUT_MS} ms`)),
  );
  signal.addEventListener("abort", stop, { once: true });
  start(resolve, reject);
  return promise.finally(() => {
    timer.cancel();
    signal.removeEventListener("abort", stop);
    close();
  });
}

function endpointOf(upstream: UpstreamAddress): { host: string; port: number } {
  const [, six, four, port = "53"] = upstream.match(/^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/) ?? [];
  return { host: six ?? four ?? upstream, port: Number(port) };
}
