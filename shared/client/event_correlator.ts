import type { Event } from "../api/core/v1/types.gen.ts";
import type { Clock } from "../clock/clock.ts";

/** What is to be done about an event. */
export type EventStep =
  | { readonly action: "create"; readonly key: string; readonly event: Event }
  /** The event `name` says the same: only its count and time change. */
  | {
    readonly action: "count";
    readonly key: string;
    readonly event: Event;
    readonly name: string;
  }
  | { readonly action: "drop" };

interface Written {
  name: string;
  count: number;
  readonly firstTimestamp: string | undefined;
}
interface Similar {
  readonly messages: Set<string>;
  last: number;
}
interface Bucket {
  tokens: number;
  at: number;
}

/** Events that are remembered; the ones unused for longest are forgotten. */
const MAX_REMEMBERED = 4096;
/** Events of one object from one source: this many at once, then one in five minutes. */
const BURST = 25;
const REFILL_MS = 300_000;
/** This many different messages of one reason within ten minutes are combined from then on. */
const SIMILAR = 10;
const SIMILAR_MS = 600_000;

/**
 * Decides which events are new and which repeat an earlier one, as client-go's event correlator does: the same object,
 * reason and message are counted; many messages of one reason become one; an object that will not be quiet is cut off.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #written = new Map<string, Written>();
  readonly #similar = new Map<string, Similar>();
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(event: Event): EventStep {
    const about = JSON.stringify([event.source, withoutVersion(event.involvedObject)]);
    if (!this.#allows(about)) return { action: "drop" };
    const group = `${about}${event.type}/${event.reason}`;
    const combined = this.#isCombined(group, event.message ?? "");
    const key = combined ? group : group + JSON.stringify(event.message);
    const message = combined
      ? `(combined from similar events): ${event.message}`.slice(0, 1024)
      : event.message;
    const known = this.#written.get(key);
    if (!known?.name) return { action: "create", key, event: { ...event, message } };
    known.count++;
    touch(this.#written, key, known);
    const { count, firstTimestamp, name } = known;
    return { action: "count", key, name, event: { ...event, message, count, firstTimestamp } };
  }

  /** The event of a step is now stored under `name`. */
  wrote(key: string, name: string): void {
    const known = this.#written.get(key);
    const firstTimestamp = known?.firstTimestamp;
    touch(this.#written, key, { name, count: known?.count ?? 1, firstTimestamp });
  }

  #allows(about: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(about) ?? { tokens: BURST, at: now };
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS);
    bucket.at = now;
    touch(this.#buckets, about, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  #isCombined(group: string, message: string): boolean {
    const now = this.#clock.monotonic();
    let similar = this.#similar.get(group);
    if (!similar || now - similar.last > SIMILAR_MS) similar = { messages: new Set(), last: now };
    similar.last = now;
    touch(this.#similar, group, similar);
    // The set need not grow beyond what decides.
    if (similar.messages.size < SIMILAR) similar.messages.add(message);
    return similar.messages.size >= SIMILAR && !similar.messages.has(message);
  }
}

/** An object's version changes all the time; who it is does not. */
function withoutVersion(object: Event["involvedObject"]): Event["involvedObject"] {
  const { resourceVersion: _, ...rest } = object;
  return rest;
}

function touch<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_REMEMBERED) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
