import type { Keyed, KeyRange, OrderedMap } from "./ordered_map.ts";
import type { Revision } from "./storage.ts";

/** One remembered change of one key; `previous` is what the key held before. */
export interface Step<V extends Keyed> extends Keyed {
  readonly revision: Revision;
  readonly previous: V | undefined;
}

/** The newest changes in the order of their revisions: appended at one end, forgotten at the other. */
export class History<S extends Step<Keyed>> {
  #steps: S[] = [];
  /** Steps before this index are forgotten; the array is cut when they are the larger part. */
  #start = 0;
  #floor: Revision;

  /** `floor`: every change after this revision will be here. */
  constructor(floor: Revision) {
    this.#floor = floor;
  }

  /** The oldest revision from which the history is complete. */
  get floor(): Revision {
    return this.#floor;
  }

  get length(): number {
    return this.#steps.length - this.#start;
  }

  /** The step `back` places from the end; 0 is the newest. */
  fromEnd(back: number): S | undefined {
    return back < this.length ? this.#steps[this.#steps.length - 1 - back] : undefined;
  }

  /** Appends a step that is newer than all others. */
  push(step: S): void {
    this.#steps.push(step);
  }

  /** Forgets and returns the oldest step. */
  shift(): S | undefined {
    const step = this.#steps[this.#start];
    if (!step) return undefined;
    this.#start++;
    this.#floor = step.revision;
    if (this.#start > 64 && this.#start * 2 > this.#steps.length) {
      this.#steps = this.#steps.slice(this.#start);
      this.#start = 0;
    }
    return step;
  }

  /** Forgets every step up to and including `revision`. */
  forget(revision: Revision): void {
    while (this.length > 0 && this.#steps[this.#start]!.revision <= revision) this.shift();
    if (revision > this.#floor) this.#floor = revision;
  }

  /** The steps after `revision`, oldest first. Complete only if `revision` is not below `floor`. */
  since(revision: Revision): S[] {
    let low = this.#start;
    let high = this.#steps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#steps[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#steps.slice(low);
  }
}

/** For each key that `steps` (oldest first) changed: what it held before all of them. */
export function undo<V extends Keyed>(steps: Iterable<Step<V>>): Map<string, V | undefined> {
  const before = new Map<string, V | undefined>();
  for (const step of steps) {
    if (!before.has(step.key)) before.set(step.key, step.previous);
  }
  return before;
}

/** Where an older state is walked: like `OrderedMap.walk`, with what `before` says in place of the current values. */
export interface RewoundWalk<V extends Keyed> {
  readonly current: OrderedMap<V>;
  /** From `undo`. */
  readonly before: ReadonlyMap<string, V | undefined>;
  readonly range: KeyRange;
}

/** Walks the state that `undo` describes, in the order of keys, until `take` returns false. */
export function walkRewound<V extends Keyed>(
  walk: RewoundWalk<V>,
  take: (value: V) => boolean | void,
): void {
  const { current, before, range } = walk;
  const old: V[] = [];
  for (const value of before.values()) {
    if (value && value.key >= range.from && (range.to === undefined || value.key < range.to)) {
      old.push(value);
    }
  }
  old.sort((a, b) => a.key < b.key ? -1 : 1);
  let next = 0;
  let stopped = false;
  const takeOldBelow = (key: string | undefined) => {
    while (!stopped && next < old.length && (key === undefined || old[next]!.key < key)) {
      stopped = take(old[next++]!) === false;
    }
  };
  current.walk(range, (value) => {
    takeOldBelow(value.key);
    if (!stopped && !before.has(value.key)) stopped = take(value) === false;
    return !stopped;
  });
  takeOldBelow(undefined);
}
