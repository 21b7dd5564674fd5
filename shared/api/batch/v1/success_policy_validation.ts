import { type FieldError, invalid, required, tooLong, tooMany } from "../../../meta/field_error.ts";
import { nonNegative } from "../../validation.ts";
import type { JobSpec, SuccessPolicyRule } from "./types.gen.ts";

const MAX_RULES = 20;
const MAX_INDEXES_TEXT = 64 * 1024;

/** Which indexes are enough for the job to have succeeded (KEP-3998). */
export function validateSuccessPolicy(spec: JobSpec, path: string): readonly FieldError[] {
  const rules = spec.successPolicy?.rules ?? [];
  if (rules.length === 0) {
    return [
      required(
        `${path}.rules`,
        "at least one rules must be specified when the successPolicy is specified",
      ),
    ];
  }
  if (rules.length > MAX_RULES) return [tooMany(`${path}.rules`, rules.length, MAX_RULES)];
  const completions = spec.completions ?? 0;
  return rules.flatMap((rule, i) => [...validateRule(rule, completions, `${path}.rules[${i}]`)]);
}

function validateRule(
  { succeededCount: count, succeededIndexes: indexes }: SuccessPolicyRule,
  completions: number,
  path: string,
): readonly FieldError[] {
  if (count === undefined && indexes === undefined) {
    return [required(path, "at least one of succeededCount or succeededIndexes must be specified")];
  }
  const errors: FieldError[] = [];
  let most = completions;
  if (indexes !== undefined) {
    const at = `${path}.succeededIndexes`;
    const parsed = countIndexes(indexes, completions);
    if (indexes.length > MAX_INDEXES_TEXT) errors.push(tooLong(at, MAX_INDEXES_TEXT));
    if (typeof parsed === "string") {
      errors.push(invalid(at, indexes, `error parsing succeededIndexes: ${parsed}`));
    } else most = parsed;
  }
  const at = `${path}.succeededCount`;
  errors.push(...nonNegative(count, at));
  if ((count ?? 0) > most) {
    const what = indexes === undefined
      ? `${completions} (the number of specified completions)`
      : `${most} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(invalid(at, count, `must be less than or equal to ${what}`));
  }
  return errors;
}

/** How many indexes `1,3-5` are, or what is wrong with it. */
function countIndexes(text: string, completions: number): number | string {
  if (text === "") return 0;
  let count = 0;
  let last = -1;
  for (const part of text.split(",")) {
    const limits = part.split("-");
    if (limits.length > 2) {
      return `cannot parse "${part}" as an interval; the fragment "${part}" violates the requirement that an index interval can have at most two parts separated by '-'`;
    }
    const [first, second = first] = limits;
    if (!/^\d+$/.test(first!)) {
      return `cannot convert string to integer for index: "${first}"`;
    }
    if (!/^\d+$/.test(second!)) {
      return `cannot convert string to integer for index: "${second}"`;
    }
    const from = Number(first);
    const to = Number(second);
    if (from >= completions) return `too large index: "${first}"`;
    if (to >= completions) return `too large index: "${second}"`;
    if (from <= last) return `non-increasing order, previous: ${last}, current: ${from}`;
    if (limits.length === 2 && from >= to) {
      return `non-increasing order, previous: ${from}, current: ${to}`;
    }
    count += to - from + 1;
    last = to;
  }
  return count;
}
