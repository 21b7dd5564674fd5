/** Anything that is found by its key. */
export interface Keyed {
  readonly key: string;
}

/** The keys `k` with `from <= k` and, if `to` is there, `k < to`. */
export interface KeyRange {
  readonly from: string;
  readonly to?: string | undefined;
}

/** A full chunk is split in two; small enough that an insertion moves little, large enough that there are few. */
const CHUNK = 512;

/**
 * Values by key, also walked in the order of keys (UTF-16 code units): a map for `get` beside sorted chunks, so that
 * an insertion among 100,000 keys moves at most one chunk. Replacing a value keeps its place.
 */
export class OrderedMap<V extends Keyed> {
  readonly #byKey = new Map<string, V>();
  /** Never an empty chunk; every key of a chunk is below every key of the next. */
  #chunks: V[][] = [];

  /** A map of `values`, whose keys must differ; one sort instead of many insertions. */
  static from<V extends Keyed>(values: Iterable<V>): OrderedMap<V> {
    const map = new OrderedMap<V>();
    const sorted = [...values].sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
    for (const value of sorted) map.#byKey.set(value.key, value);
    for (let i = 0; i < sorted.length; i += CHUNK / 2) {
      map.#chunks.push(sorted.slice(i, i + CHUNK / 2));
    }
    return map;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): V | undefined {
    return this.#byKey.get(key);
  }

  /** Adds the value or replaces the one of the same key. */
  set(value: V): void {
    const known = this.#byKey.has(value.key);
    this.#byKey.set(value.key, value);
    const at = this.#chunkOf(value.key);
    const chunk = this.#chunks[at];
    if (!chunk) return void this.#chunks.push([value]);
    const index = lowerBound(chunk, value.key);
    if (known) {
      chunk[index] = value;
      return;
    }
    chunk.splice(index, 0, value);
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK / 2));
  }

  delete(key: string): void {
    if (!this.#byKey.delete(key)) return;
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at]!;
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** Calls `take` for each value of the range in order until it returns false. The map must not change meanwhile. */
  walk(range: KeyRange, take: (value: V) => boolean | void): void {
    let at = this.#chunkOf(range.from);
    let index = lowerBound(this.#chunks[at] ?? [], range.from);
    for (; at < this.#chunks.length; at++, index = 0) {
      const chunk = this.#chunks[at]!;
      for (; index < chunk.length; index++) {
        const value = chunk[index]!;
        if (range.to !== undefined && value.key >= range.to) return;
        if (take(value) === false) return;
      }
    }
  }

  /** How many values the range holds, without visiting them. */
  count(range: KeyRange): number {
    const end = range.to === undefined ? this.size : this.#rank(range.to);
    return Math.max(0, end - this.#rank(range.from));
  }

  /** How many keys are below `key`. */
  #rank(key: string): number {
    const at = this.#chunkOf(key);
    let before = 0;
    for (let i = 0; i < at; i++) before += this.#chunks[i]!.length;
    return before + lowerBound(this.#chunks[at] ?? [], key);
  }

  /** The chunk that holds `key` or would take it: the last one that does not begin above it. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle]![0]!.key <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The range of all keys that start with `prefix` and, if `after` is given, come after that key. */
export function prefixRange(prefix: string, after?: string): KeyRange {
  const from = after !== undefined && after >= prefix ? after + "\0" : prefix;
  return { from, to: endOf(prefix) };
}

/** The first string above every string that starts with `prefix`; undefined if there is none. */
function endOf(prefix: string): string | undefined {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix.charCodeAt(end - 1);
    if (last < 0xffff) return prefix.slice(0, end - 1) + String.fromCharCode(last + 1);
  }
  return undefined;
}

function lowerBound(chunk: readonly Keyed[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunk[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
