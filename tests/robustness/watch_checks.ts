import { groupOf, type History, type SeenEvent, type WatchOperation } from "./history.ts";
import { checkRefusal, type Violation } from "./violation.ts";
import type { ChangeLog, LogStep } from "./log.ts";

/** What a watch must be told. */
type Expected = Omit<SeenEvent, "time">;

/**
 * Holds every watch against the log of changes, property by property as etcd's robustness suite names them: ordered,
 * unique, reliable (no gap), atomic (nothing that the log does not have as a whole), resumable (complete from whatever
 * revision it was asked for), bookmarkable, with the previous values, and filtered as asked. On top of that, this
 * store is prompt: what was acknowledged has been sent.
 */
export function checkWatches(history: History, log: ChangeLog): Violation[] {
  const acknowledged = history.writes.filter((write) => write.outcome === "ok");
  return history.watches.flatMap((watch) => {
    const check = new WatchCheck(watch, log);
    check.run();
    for (const { end, revision, incarnation } of acknowledged) {
      const live = watch.end < end && watch.stopped > end && watch.code === undefined;
      if (live && incarnation === watch.incarnation) check.covered("prompt", revision!, end);
    }
    return check.violations;
  });
}

class WatchCheck {
  readonly violations: Violation[] = [];
  readonly #watch: WatchOperation;
  readonly #expected: readonly Expected[];
  /** When each revision was delivered. */
  readonly #delivered = new Map<number, number>();
  #reported = new Set<string>();

  constructor(watch: WatchOperation, log: ChangeLog) {
    this.#watch = watch;
    const steps = log.steps(watch.incarnation);
    const initial = watch.after === undefined ? initialOf(watch, steps) : [];
    const after = watch.after ?? watch.bookmarks[0]?.revision ?? Infinity;
    const later = steps.filter(({ revision }) => revision > after);
    this.#expected = [...initial, ...later.flatMap((step) => expectedOf(watch, step))];
  }

  run(): void {
    const { events, bookmarks, after, code, end } = this.#watch;
    const refusal = checkRefusal(this.#watch, after);
    if (refusal) this.#report("resumable", refusal);
    this.#checkEvents();
    if (code !== undefined) return;
    const last = events.at(-1);
    if (last) this.#reliable(last.revision, last.time);
    for (const { revision, time } of bookmarks) this.covered("bookmarkable", revision, time);
    if (after === undefined && end < Infinity && bookmarks.length === 0) {
      this.#report("bookmarkable", "the state has no end");
    }
  }

  /** Everything up to `revision` must have been delivered by `time`, and nothing of it later. */
  covered(property: string, revision: number, time: number): void {
    for (const expected of this.#expected) {
      if (expected.revision > revision) {
        if (this.#isInitial(expected)) continue;
        break;
      }
      const delivered = this.#delivered.get(expected.revision);
      if (delivered === undefined || delivered > time) {
        this.#report(property, `${line(expected)} was not sent by ${time}, for ${revision}`);
      }
    }
  }

  #checkEvents(): void {
    const { events, stopped } = this.#watch;
    const known = new Map(this.#expected.map((expected) => [expected.revision, expected]));
    let last = -Infinity;
    for (const event of events) {
      const initial = this.#isInitial(event);
      if (this.#delivered.has(event.revision)) this.#report("unique", `${line(event)} came again`);
      else if (!initial && event.revision < last) {
        this.#report("ordered", `${line(event)} came after ${last}`);
      }
      if (!initial) last = Math.max(last, event.revision);
      if (event.time > stopped) this.#report("ordered", `${line(event)} came after the end`);
      this.#delivered.set(event.revision, event.time);
      const expected = known.get(event.revision);
      if (!expected) this.#report("atomic", `${line(event)} is none of its changes`);
      else this.#compare(event, expected);
    }
  }

  #compare(event: SeenEvent, expected: Expected): void {
    const { key, value, type, previous } = event;
    if (key !== expected.key || value !== expected.value) {
      this.#report("atomic", `${line(event)} should be ${line(expected)}`);
    } else if (type !== expected.type) {
      this.#report("filter", `${line(event)} should be ${line(expected)}`);
    }
    if (previous === undefined) return;
    const right = expected.previous;
    if (previous?.revision !== right?.revision || previous?.value !== right?.value) {
      this.#report("previous", `${line(event)} tells of ${previous?.value}, not ${right?.value}`);
    }
  }

  /** No gap before the last event, whatever comes after it. */
  #reliable(revision: number, time: number): void {
    for (const expected of this.#expected) {
      if (expected.revision > revision || this.#delivered.has(expected.revision)) continue;
      this.#report("reliable", `${line(expected)} is missing at ${time}`);
    }
  }

  /** Belongs to the state that the watch began with. */
  #isInitial({ revision }: { readonly revision: number }): boolean {
    const { after, bookmarks } = this.#watch;
    return after === undefined && revision <= (bookmarks[0]?.revision ?? Infinity);
  }

  /** One of a kind is enough for one watch. */
  #report(property: string, detail: string): void {
    if (this.#reported.has(property)) return;
    this.#reported.add(property);
    const { id, incarnation, prefix, after, group } = this.#watch;
    const name = `watch ${id} of ${prefix} in opening ${incarnation} after ${after ?? "the state"}`;
    this.violations.push({ property, detail: `${name}${group ? ` for ${group}` : ""}: ${detail}` });
  }
}

/** The state as of the bookmark that ends it, as additions in the order of keys. */
function initialOf(watch: WatchOperation, steps: readonly LogStep[]): Expected[] {
  const end = watch.bookmarks.find((bookmark) => bookmark.initialEventsEnd)?.revision ?? 0;
  const state = new Map<string, Expected>();
  for (const step of steps) {
    if (step.revision > end || !step.key.startsWith(watch.prefix)) continue;
    const { key, revision, value } = step;
    if (step.type === "delete") state.delete(key);
    else state.set(key, { type: "ADDED", key, revision, value });
  }
  return [...state.values()]
    .filter(({ value }) => watch.group === undefined || groupOf(value) === watch.group)
    .sort((a, b) => a.key < b.key ? -1 : 1);
}

/** What a watch must be told of a change: nothing, or one event. */
function expectedOf(watch: WatchOperation, step: LogStep): Expected[] {
  const { type, key, revision, value, before } = step;
  if (!key.startsWith(watch.prefix)) return [];
  if (!watch.selects) return [{ type, key, revision, value, previous: before ?? null }];
  const { group } = watch;
  const was = before !== undefined && (group === undefined || groupOf(before.value) === group);
  const is = type === "put" && (group === undefined || groupOf(value) === group);
  if (is) return [{ type: was ? "MODIFIED" : "ADDED", key, revision, value }];
  // What leaves the selector is told as it last was within.
  return was
    ? [{ type: "DELETED", key, revision, value: type === "delete" ? value : before.value }]
    : [];
}

function line({ type, key, revision, value }: Expected): string {
  return `${type} ${key}@${revision} "${value}"`;
}
