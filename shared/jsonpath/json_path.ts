import { parsePath, type Step } from "./parse.ts";
import { isObject } from "../schema/json_object.ts";

/** A compiled path; see `compileJsonPath`. */
export interface JsonPath {
  /** What the path leads to in `root`; missing keys lead to nothing. Throws JsonPathError where it cannot be followed. */
  find(root: unknown): unknown[];
}

/** A path that is not one, or that does not fit the value it is followed in. */
export class JsonPathError extends Error {
  override readonly name = "JsonPathError";
}

/** Values that one evaluation may go through: paths come from users. */
const maxValues = 100_000;

/**
 * A path such as `.spec.containers[0].name` or `.status.conditions[?(@.type=="Ready")].status` in the syntax of
 * `kubectl -o jsonpath`, without braces. Throws JsonPathError.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(compileJsonPath(".a[*].b").find({ a: [{ b: 1 }, { b: 2 }] }), [1, 2]);
 * ```
 */
export function compileJsonPath(text: string): JsonPath {
  const steps = parsePath(text, (why) => new JsonPathError(why));
  return { find: (root) => follow(steps, root, root) };
}

function follow(steps: readonly Step[], start: unknown, root: unknown): unknown[] {
  let values: unknown[] = [start];
  for (const step of steps) {
    values = values.flatMap((value) => take(step, value, root));
    if (values.length > maxValues) throw new JsonPathError("too many results");
  }
  return values;
}

function take(step: Step, value: unknown, root: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  switch (step.type) {
    case "field":
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case "wildcard":
      return childrenOf(value);
    case "recursive":
      return descendants(value);
    case "slice":
      return slice(step, listOf(value));
    case "union":
      return step.parts.flatMap((part) => follow(part, value, root));
    case "filter":
      return listOf(value).filter((item) => holds(step, item, root));
  }
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new JsonPathError(`${JSON.stringify(value)} is not array or slice`);
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

/** The value itself and all within it. */
function descendants(value: unknown, found: unknown[] = []): unknown[] {
  if (found.length > maxValues) throw new JsonPathError("too many results");
  if (typeof value !== "object" || value === null) return found;
  found.push(value);
  for (const child of childrenOf(value)) descendants(child, found);
  return found;
}

function slice(
  { from = 0, to, by = 1 }: Extract<Step, { type: "slice" }>,
  list: readonly unknown[],
): unknown[] {
  const { length } = list;
  const start = from < 0 ? from + length : from;
  // A lone negative index ends where it began counting.
  const end = to === undefined ? length : to < 0 || (to === 0 && from < 0) ? to + length : to;
  if (start < 0 || start >= length) {
    if (start === length && to === undefined) return [];
    throw new JsonPathError(`array index out of bounds: index ${start}, length ${length}`);
  }
  const out: unknown[] = [];
  for (let i = start; i < Math.min(end, length); i += by) out.push(list[i]);
  return out;
}

function holds(
  { left, operator, right }: Extract<Step, { type: "filter" }>,
  item: unknown,
  root: unknown,
): boolean {
  const values = (side: typeof left) =>
    "value" in side ? [side.value] : follow(side.steps, side.fromRoot ? root : item, root);
  const [first] = values(left);
  if (operator === "exists") return first !== undefined;
  const [second] = right ? values(right) : [];
  if (first === undefined || second === undefined) return false;
  switch (operator) {
    case "==":
      return first === second;
    case "!=":
      return first !== second;
    default:
      return compare(operator, first, second);
  }
}

function compare(operator: string, a: unknown, b: unknown): boolean {
  const comparable = (typeof a === "number" && typeof b === "number") ||
    (typeof a === "string" && typeof b === "string");
  if (!comparable) throw new JsonPathError("values cannot be compared");
  const [x, y] = [a as number, b as number];
  switch (operator) {
    case "<":
      return x < y;
    case "<=":
      return x <= y;
    case ">":
      return x > y;
    default:
      return x >= y;
  }
}
