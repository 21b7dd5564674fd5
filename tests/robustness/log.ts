import type { Revision } from "../../control/storage/storage.ts";
import type { History, Opening, Seen, WriteOperation } from "./history.ts";
import type { Violation } from "./violation.ts";

/** One change that happened. */
export interface LogEntry extends Seen {
  readonly type: "put" | "delete";
  readonly write: WriteOperation;
  /** The first opening of the store that shows it. */
  readonly from: number;
  /** The opening that no longer shows it: it was lazy, and a crash came. */
  lostIn: number;
}

/** A change with what it did to its key. */
export interface LogStep extends LogEntry {
  readonly before: Seen | undefined;
}

/** Every change of a run, as the writers know it: what all that was read is held against. */
export class ChangeLog {
  #entries: LogEntry[];
  readonly #steps = new Map<number, readonly LogStep[]>();
  readonly violations: Violation[] = [];

  constructor(history: History) {
    this.#entries = this.#collect(history);
    for (const opening of history.openings.slice(1)) {
      if (this.#kept(opening) === undefined) this.#addDeletes(history, opening);
      this.#open(opening);
    }
    this.#checkOrder(this.#entries);
  }

  /** The changes that this opening of the store shows, in the order of revisions. */
  steps(incarnation: number): readonly LogStep[] {
    const known = this.#steps.get(incarnation);
    if (known) return known;
    const state = new Map<string, Seen>();
    const steps: LogStep[] = [];
    for (const entry of this.#entries) {
      if (entry.from > incarnation || entry.lostIn <= incarnation) continue;
      steps.push({ ...entry, before: state.get(entry.key) });
      if (entry.type === "put") state.set(entry.key, seenOf(entry));
      else state.delete(entry.key);
    }
    this.#steps.set(incarnation, steps);
    return steps;
  }

  /** What this opening of the store holds as of a revision, in the order of keys. */
  state(incarnation: number, revision: Revision): Seen[] {
    return stateOf(this.steps(incarnation), revision);
  }

  /** What happened: all that was acknowledged, and of the rest what anybody saw. */
  #collect(history: History): LogEntry[] {
    const evidence = evidenceOf(history);
    // A store writes in the order of revisions: what is followed by something that was seen happened too.
    const newest: number[] = [];
    for (const { given, incarnation, value, outcome } of history.writes) {
      if (given === undefined || outcome !== "ok" && !evidence.has(trace(given, value))) continue;
      newest[incarnation] = Math.max(newest[incarnation] ?? 0, given);
    }
    const byRevision = new Map<number, LogEntry>();
    for (const write of history.writes) {
      const { given, outcome, key, value, type, incarnation } = write;
      if (outcome === "ok" && given !== write.revision) {
        this.#report("revisions", `${title(write)} was acknowledged at ${write.revision}`);
      }
      if (given === undefined || outcome === "refused") continue;
      const seenIn = evidence.get(trace(given, value));
      const implied = outcome === "unknown" && given < (newest[incarnation] ?? 0);
      if (outcome !== "ok" && seenIn === undefined && !implied) continue;
      const own = outcome === "ok" || seenIn === incarnation;
      if (outcome === "failed" && (own || !history.doubtfulCommits)) {
        this.#report("failed write", `${title(write)} failed and was seen`);
      }
      const entry: LogEntry = {
        type,
        key,
        value,
        revision: given,
        write,
        from: own ? incarnation : incarnation + 1,
        lostIn: Infinity,
      };
      const rival = byRevision.get(given);
      if (rival) {
        this.#report("revisions", `${title(write)} and ${title(rival.write)} have one revision`);
      } else byRevision.set(given, entry);
    }
    return [...byRevision.values()].sort((a, b) => a.revision - b.revision);
  }

  /** A delete that nobody was told of shows only by what an opening lacks. */
  #addDeletes(history: History, { incarnation, items }: Opening): void {
    const present = new Set(items.map(({ key }) => key));
    for (const { key, revision } of stateOf(this.#entriesBefore(incarnation), Infinity)) {
      if (present.has(key)) continue;
      const write = history.writes.findLast((one) =>
        one.type === "delete" && one.key === key && one.incarnation === incarnation - 1 &&
        (one.outcome === "unknown" || one.outcome === "failed" && history.doubtfulCommits) &&
        one.given !== undefined && one.given > revision
      );
      if (!write) continue;
      const entry = {
        ...write,
        revision: write.given!,
        write,
        from: incarnation,
        lostIn: Infinity,
      };
      this.#entries = [...this.#entries, entry].sort((a, b) => a.revision - b.revision);
    }
  }

  #entriesBefore(incarnation: number): LogEntry[] {
    return this.#entries.filter((entry) =>
      entry.from <= incarnation && entry.lostIn === Infinity &&
      entry.write.incarnation < incarnation
    );
  }

  /** Revisions follow real time, and nothing appears later below what was shown before. */
  #checkOrder(entries: readonly LogEntry[]): void {
    let latestCall = -Infinity;
    let latestFrom = 0;
    let by: LogEntry | undefined;
    let newcomer: LogEntry | undefined;
    for (const entry of entries) {
      if (entry.write.end < latestCall) {
        this.#report(
          "revisions",
          `${title(entry.write)} was over before ${title(by!.write)} began`,
        );
      }
      if (entry.from < latestFrom) {
        this.#report("resumable", `${title(newcomer!.write)} appeared after ${title(entry.write)}`);
      }
      if (entry.from > latestFrom) newcomer = entry;
      if (entry.write.call > latestCall) by = entry;
      latestCall = Math.max(latestCall, entry.write.call);
      latestFrom = Math.max(latestFrom, entry.from);
    }
  }

  /** Finds out which lazy writes the last crash lost, and whether anything else is missing. */
  #open(opening: Opening): void {
    const { incarnation, items, revision } = opening;
    const before = this.#entriesBefore(incarnation);
    let last = this.#kept(opening);
    if (last === undefined) {
      this.#report(
        "durable",
        `opening ${incarnation} found ${text(items)} instead of ${text(stateOf(before, Infinity))}`,
      );
      last = before.length - 1;
    }
    for (const entry of before.slice(last + 1)) entry.lostIn = incarnation;
    const seen = before.filter(({ from }) => from < incarnation).at(-1);
    if (seen && seen.revision > revision) {
      this.#report(
        "revisions",
        `opening ${incarnation} is at ${revision}, before ${seen.revision}`,
      );
    }
  }

  /** Up to which of the changes before it the opening has them all; undefined if there is no such place. */
  #kept({ incarnation, items, orderly }: Opening): number | undefined {
    const before = this.#entriesBefore(incarnation);
    const durable = before.findLastIndex(({ write }) => !write.lazy || write.outcome !== "ok");
    const least = orderly ? before.length - 1 : durable;
    for (let last = before.length - 1; last >= least; last--) {
      if (same(stateOf(before.slice(0, last + 1), Infinity), items)) return last;
    }
    return undefined;
  }

  #report(property: string, detail: string): void {
    this.violations.push({ property, detail });
  }
}

/** The state after all changes up to a revision, in the order of keys. */
function stateOf(entries: readonly LogEntry[], revision: number): Seen[] {
  const state = new Map<string, Seen>();
  for (const entry of entries) {
    if (entry.revision > revision) break;
    if (entry.type === "put") state.set(entry.key, seenOf(entry));
    else state.delete(entry.key);
  }
  return [...state.values()].sort((a, b) => a.key < b.key ? -1 : 1);
}

/** Whether two states are the same, whatever the order of their keys. */
export function same(left: readonly Seen[], right: readonly Seen[]): boolean {
  if (left.length !== right.length) return false;
  const byKey = new Map(left.map((item) => [item.key, item]));
  return right.every(({ key, revision, value }) => {
    const found = byKey.get(key);
    return found?.revision === revision && found.value === value;
  });
}

/** A state in one line. */
export function text(items: readonly Seen[]): string {
  return `[${items.map(({ key, revision, value }) => `${key}@${revision}=${value}`).join(", ")}]`;
}

/** A write in one line. */
export function title(write: WriteOperation): string {
  const { type, key, given, value, outcome, lazy } = write;
  return `${lazy ? "lazy " : ""}${type} ${key}@${given} "${value}" (${outcome})`;
}

function seenOf({ key, revision, value }: Seen): Seen {
  return { key, revision, value };
}

/** Which revisions and values were seen, and the first opening of the store that showed them. */
function evidenceOf(history: History): Map<string, number> {
  const evidence = new Map<string, number>();
  const add = (incarnation: number, seen: Seen | null | undefined) => {
    if (!seen) return;
    const key = trace(seen.revision, seen.value);
    evidence.set(key, Math.min(evidence.get(key) ?? Infinity, incarnation));
  };
  for (const { incarnation, found } of history.gets) add(incarnation, found);
  for (const { incarnation, items } of history.lists) items?.forEach((it) => add(incarnation, it));
  for (const { incarnation, items } of history.openings) {
    items.forEach((it) => add(incarnation, it));
  }
  for (const { incarnation, events } of history.watches) {
    for (const event of events) {
      add(incarnation, event);
      add(incarnation, event.previous);
    }
  }
  return evidence;
}

function trace(revision: Revision, value: string): string {
  return `${revision} ${value}`;
}
