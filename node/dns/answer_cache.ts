import type { Clock } from "../../shared/clock/clock.ts";
import { codeOf, isTruncated, type Outline, outlineOf, readdressed } from "./wire.ts";

/** Entries; the oldest goes when another comes. */
const MAX_ENTRIES = 1_000;
/** Bytes; longer answers are not kept, so the whole stays below 2 MB. */
const MAX_BYTES = 2_048;
/** Seconds: nobody waits longer than this for a change made elsewhere. */
const MAX_TTL = 30;
/** `NOERROR` and `NXDOMAIN`: other codes tell of the moment, not of the name. */
const lasting = [0, 3];

interface Entry {
  readonly answer: Uint8Array;
  readonly outline: Outline;
  readonly storedAt: number;
  readonly expires: number;
}

/** Keeps answers of others for as long as they allow, by a key that names the question. */
export class AnswerCache {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The kept answer, made out to `query`. */
  get(key: string, query: Uint8Array): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const now = this.#clock.monotonic();
    if (now >= entry.expires) {
      this.#entries.delete(key);
      return undefined;
    }
    const age = Math.floor((now - entry.storedAt) / 1000);
    return readdressed(entry.answer, query, entry.outline, age);
  }

  /** Keeps an answer, if it may be kept and can be read. */
  put(key: string, answer: Uint8Array): void {
    if (answer.length > MAX_BYTES || isTruncated(answer) || !lasting.includes(codeOf(answer))) {
      return;
    }
    const outline = tryOutline(answer);
    if (!outline) return;
    const seconds = Math.min(outline.leastTtl ?? 0, MAX_TTL);
    if (seconds <= 0) return;
    const storedAt = this.#clock.monotonic();
    this.#entries.delete(key);
    this.#entries.set(key, { answer, outline, storedAt, expires: storedAt + seconds * 1000 });
    if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!);
  }
}

function tryOutline(answer: Uint8Array): Outline | undefined {
  try {
    return outlineOf(answer);
  } catch {
    return undefined;
  }
}
