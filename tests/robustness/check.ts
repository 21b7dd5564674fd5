import type { GetOperation, History, ListOperation, WriteOperation } from "./history.ts";
import { linearize, type RegisterOperation, type RegisterState } from "./linearizability.ts";
import { ChangeLog, same, text, title } from "./log.ts";
import { checkRefusal, type Violation } from "./violation.ts";
import { checkWatches } from "./watch_checks.ts";

/** Holds a history against everything that a storage promises; returns what was broken. */
export function check(history: History): Violation[] {
  const log = new ChangeLog(history);
  return [
    ...history.stuck.map((detail) => ({ property: "answers", detail })),
    ...log.violations,
    ...checkRegisters(history, log),
    ...checkLists(history, log),
    ...checkSamples(history),
    ...checkWatches(history, log),
  ];
}

/** Each key is a register. Leases may be lost in a crash, so each opening of the store is checked for itself. */
function checkRegisters(history: History, log: ChangeLog): Violation[] {
  const parts = new Map<string, { incarnation: number; operations: RegisterOperation[] }>();
  const add = (key: string, incarnation: number, operation: RegisterOperation) => {
    const part = key.startsWith("/lease/") ? incarnation : 0;
    const name = `${key} ${part}`;
    const known = parts.get(name);
    if (known) known.operations.push(operation);
    else parts.set(name, { incarnation: part, operations: [operation] });
  };
  for (const get of history.gets) add(get.key, get.incarnation, readOf(get));
  for (const write of history.writes) {
    const operation = writeOf(write, history);
    if (operation) add(write.key, write.incarnation, operation);
  }
  const violations: Violation[] = [];
  for (const [name, { incarnation, operations }] of parts) {
    const key = name.split(" ")[0]!;
    const opening = history.openings[incarnation]!;
    const found = log.state(incarnation, opening.revision).find((item) => item.key === key);
    const initial = { revision: opening.revision, value: undefined, ...found };
    const detail = linearize(operations, incarnation === 0 ? nothing : initial);
    if (detail) violations.push({ property: "linearizable", detail: `${key} ${detail}` });
  }
  return violations;
}

const nothing: RegisterState = { revision: 0, value: undefined };

function readOf({ call, end, found }: GetOperation): RegisterOperation {
  return {
    name: `get ${found ? `@${found.revision}=${found.value}` : "nothing"}`,
    call,
    end,
    apply: (state) =>
      state.value === found?.value && (!found || found.revision === state.revision)
        ? state
        : undefined,
  };
}

/** Undefined: the write promises that it had no effect, so it says nothing. */
function writeOf(write: WriteOperation, history: History): RegisterOperation | undefined {
  const { call, end, type, expected, given, value, outcome, code } = write;
  const name = `${title(write)}${code ? ` ${code}` : ""}, expected ${expected ?? "anything"}`;
  const holds = ({ revision, value }: RegisterState) =>
    expected === undefined
      ? type === "put" || value !== undefined
      : expected === 0
      ? value === undefined
      : value !== undefined && revision === expected;
  if (outcome === "refused") {
    return {
      name,
      call,
      end,
      apply: (state) => refusalOf(write, state) === code ? state : undefined,
    };
  }
  // Only a disk that does not know what it did may bring a failed write back.
  if (given === undefined || outcome === "failed" && !history.doubtfulCommits) return undefined;
  return {
    name,
    call,
    end: outcome === "ok" ? end : Infinity,
    writes: given,
    apply: (state) =>
      holds(state) && given > state.revision
        ? { revision: given, value: type === "put" ? value : undefined }
        : undefined,
  };
}

function refusalOf({ type, expected }: WriteOperation, state: RegisterState): string | undefined {
  const exists = state.value !== undefined;
  if (expected === 0) return exists ? "KeyExists" : undefined;
  if (!exists) return expected !== undefined || type === "delete" ? "KeyNotFound" : undefined;
  return expected !== undefined && expected !== state.revision ? "Conflict" : undefined;
}

/** A list is the state as of its revision, and that of now is not behind what was acknowledged before. */
function checkLists(history: History, log: ChangeLog): Violation[] {
  const violations: Violation[] = [];
  for (const list of history.lists) {
    if (list.end === Infinity) continue;
    const report = (property: string, detail: string) =>
      violations.push({ property, detail: `${listTitle(list)} ${detail}` });
    const { items, revision, at, incarnation, prefix, after = "", limit = Infinity } = list;
    const refusal = checkRefusal(list, at);
    if (refusal) report("revisions", refusal);
    if (!items || revision === undefined) continue;
    if (at !== undefined && at !== revision) report("list", `is of ${revision}`);
    if (at === undefined) {
      const behind = history.writes.find((write) =>
        write.outcome === "ok" && write.end < list.call && write.revision! > revision
      );
      if (behind) report("fresh", `is of ${revision}, behind ${title(behind)}`);
    }
    const expected = log.state(incarnation, revision)
      .filter(({ key }) => key.startsWith(prefix) && key > after).slice(0, limit);
    if (!same(expected, items)) report("list", `has ${text(items)}, not ${text(expected)}`);
    if (items.some(({ key }, i) => i > 0 && items[i - 1]!.key >= key)) {
      report("list", "is unsorted");
    }
  }
  return violations;
}

function listTitle({ id, prefix, at, incarnation }: ListOperation): string {
  return `list ${id} of ${prefix} at ${at ?? "now"} in opening ${incarnation}`;
}

/** The revision and the compaction never go back, also not through a crash. */
function checkSamples(history: History): Violation[] {
  const violations: Violation[] = [];
  const all = [...history.samples, ...history.openings].sort((a, b) => a.time - b.time);
  const acknowledged = history.writes.filter((write) => write.outcome === "ok")
    .sort((a, b) => a.end - b.end);
  let known = 0;
  let newest = 0;
  let last = all[0];
  for (const sample of all) {
    while (acknowledged[known] && acknowledged[known]!.end < sample.time) {
      newest = Math.max(newest, acknowledged[known++]!.revision!);
    }
    const { time, revision, compacted } = sample;
    const report = (detail: string) =>
      violations.push({ property: "revisions", detail: `at ${time}: ${detail}` });
    if (revision < last!.revision) report(`revision ${revision} after ${last!.revision}`);
    if (compacted < last!.compacted) report(`compacted ${compacted} after ${last!.compacted}`);
    if (compacted > revision) report(`compacted ${compacted} beyond revision ${revision}`);
    if (revision < newest) report(`revision ${revision}, but ${newest} was acknowledged`);
    last = sample;
  }
  return violations;
}
