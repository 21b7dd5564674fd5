import type { HistoryAnswer, HistoryItem } from "../../control/endpoints/past/object_history.ts";
import type { ManagedFieldsEntry, ObjectMeta } from "../../shared/meta/types.gen.ts";
import { alignedLines } from "../objects/columns.ts";
import { type FieldChange, fieldChanges } from "./field_changes.ts";

/** How many fields a line of the list names. */
const NAMED = 3;
/** Longest value on one line. */
const WIDEST = 60;

/** One change of the object and what it did. */
interface Step {
  readonly item: HistoryItem;
  readonly who: string;
  readonly changes: readonly FieldChange[];
}

/** The history as a list, one change a line, the oldest first. */
export function historyLines({ items }: HistoryAnswer): string[] {
  return alignedLines([
    ["REVISION", "TIME", "BY", "CHANGE"],
    ...stepsOf(items).map((step) => [...headOf(step), summaryOf(step)]),
  ]);
}

/** The history with every field that changed, before and after. */
export function diffLines({ items }: HistoryAnswer): string[] {
  return stepsOf(items).flatMap((step, index) => [
    ...(index === 0 ? [] : [""]),
    [...headOf(step), wordOf(step.item)].join("  "),
    ...step.changes.flatMap((change) => [
      `  ${change.path}`,
      ...("before" in change ? valueLines("-", change.before) : []),
      ...("after" in change ? valueLines("+", change.after) : []),
    ]),
  ]);
}

function stepsOf(items: readonly HistoryItem[]): Step[] {
  return items.map((item, index) => {
    const before = items[index - 1];
    const isChange = item.type === "MODIFIED" && before !== undefined;
    return {
      item,
      who: item.type === "DELETED" ? "" : whoWrote(item, isChange ? before : undefined),
      changes: isChange ? fieldChanges(before.object, item.object) : [],
    };
  });
}

function headOf({ item, who }: Step): string[] {
  return [item.revision, item.time?.replace(/\.\d+Z$/, "Z") ?? "<unknown>", who || "<unknown>"];
}

/**
 * Who wrote, as far as field ownership tells: the managers whose entries are new or of a new time; an entry that only
 * lost fields is not its manager's doing. Where all are as they were, the one that wrote last.
 */
function whoWrote(item: HistoryItem, before: HistoryItem | undefined): string {
  const known = entriesOf(before?.object.metadata).map(fingerprint);
  const entries = entriesOf(item.object.metadata);
  const fresh = entries.filter((entry) => !known.includes(fingerprint(entry)));
  const newest = entries.map(({ time = "" }) => time).sort().at(-1);
  const writers = fresh.length > 0 ? fresh : entries.filter(({ time }) => time === newest);
  if (fresh.length === 0 && writers.length > 1) return "";
  const names = writers.map(({ manager = "", subresource }) =>
    subresource ? `${manager} (${subresource})` : manager
  );
  return [...new Set(names)].join(", ");
}

function fingerprint({ manager, operation, subresource, time }: ManagedFieldsEntry): string {
  return JSON.stringify([manager, operation, subresource, time]);
}

function entriesOf(metadata: ObjectMeta | undefined) {
  return metadata?.managedFields ?? [];
}

function summaryOf({ item, changes }: Step): string {
  if (item.type !== "MODIFIED") return wordOf(item);
  if (changes.length === 0) return "nothing but bookkeeping";
  const named = changes.slice(0, NAMED).map(inShort);
  const rest = changes.length - named.length;
  return named.join(", ") + (rest > 0 ? `, ${rest} more` : "");
}

function wordOf({ type }: HistoryItem): string {
  return {
    ADDED: "created",
    MODIFIED: "changed",
    DELETED: "deleted",
    KEPT: "older than what is kept",
  }[type];
}

function inShort(change: FieldChange): string {
  const { path, before, after } = change;
  if (!("before" in change)) {
    return isSmall(after) ? `${path}=${JSON.stringify(after)}` : `+${path}`;
  }
  if (!("after" in change)) return `-${path}`;
  return isSmall(before) && isSmall(after)
    ? `${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`
    : path;
}

function isSmall(value: unknown): boolean {
  return typeof value !== "object" && String(value).length <= WIDEST / 2;
}

function valueLines(sign: string, value: unknown): string[] {
  const short = JSON.stringify(value);
  const text = short.length <= WIDEST ? short : JSON.stringify(value, null, 2);
  return text.split("\n").map((line) => `  ${sign} ${line}`);
}
