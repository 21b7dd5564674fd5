import {
  type LabelOperator,
  type LabelRequirement,
  newRequirement,
  toInteger,
} from "./label_requirement.ts";
import { parseRequirements } from "./label_selector_parser.ts";
import { StatusError } from "./status_error.ts";
import type { LabelSelector } from "./types.gen.ts";

export type { LabelOperator, LabelRequirement } from "./label_requirement.ts";

/** The labels of an object. */
export type Labels = Readonly<Record<string, string>> | undefined;
/** A compiled label selector: all requirements must hold. Immutable; safe to share between requests. */
export interface LabelMatcher {
  /** Sorted by key. Empty: everything matches (unless this is `matchNothing`). */
  readonly requirements: readonly LabelRequirement[];
  matches(labels: Labels): boolean;
  /** The canonical query string, e.g. `a=b,c in (x,y)`. */
  toString(): string;
}

/** Selects every object. */
export const matchEverything: LabelMatcher = compile([]);
/** Selects no object: what an absent LabelSelector means. */
export const matchNothing: LabelMatcher = Object.freeze({
  requirements: [],
  matches: () => false,
  toString: () => "",
});

/** Compiled query strings kept; the oldest goes first. */
const MAX_CACHED = 512;
const byText = new Map<string, LabelMatcher>();
const bySelector = new WeakMap<LabelSelector, LabelMatcher>();

/**
 * Compiles the `labelSelector` of a query string, e.g. `a=b,c!=d,e in (x,y),!f,g>3`. The last 512 are remembered.
 * Throws StatusError `BadRequest` with the message that clients know.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const selector = parseLabelSelector("tier in (web,cache),!legacy");
 * assert.equal(selector.matches({ tier: "web" }), true);
 * assert.equal(selector.matches({ tier: "web", legacy: "" }), false);
 * ```
 */
export function parseLabelSelector(text: string): LabelMatcher {
  const known = byText.get(text);
  if (known) return known;
  const matcher = compile(parseRequirements(text));
  if (byText.size >= MAX_CACHED) byText.delete(byText.keys().next().value!);
  byText.set(text, matcher);
  return matcher;
}

/**
 * Compiles the selector of an object's spec; absent selects nothing, empty selects everything. The result is
 * remembered with the selector, which must not be changed in place afterwards. Throws StatusError `BadRequest`
 * for a selector that `validateLabelSelector` refuses.
 */
export function fromLabelSelector(selector: LabelSelector | undefined): LabelMatcher {
  if (selector === undefined) return matchNothing;
  const known = bySelector.get(selector);
  if (known) return known;
  const matcher = compile(requirementsOf(selector));
  bySelector.set(selector, matcher);
  return matcher;
}

/** Compiles a plain map, as the selectors of Services are: every label must be there with its value. */
export function fromLabels(labels: Labels): LabelMatcher {
  return compile(
    Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: "=", values: [value] })),
  );
}

/** Compiles requirements that are valid already; see `newRequirement`. */
export function compile(requirements: readonly LabelRequirement[]): LabelMatcher {
  const sorted = [...requirements].sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  const tests = sorted.map(testOf);
  return Object.freeze({
    requirements: sorted,
    matches: (labels: Labels) => tests.every((test) => test(labels ?? none)),
    toString: () => sorted.map(formatRequirement).join(","),
  });
}

const none: Readonly<Record<string, string>> = {};

function requirementsOf(selector: LabelSelector): LabelRequirement[] {
  const requirements = Object.entries(selector.matchLabels ?? {})
    .map(([key, value]) => newRequirement(key, "=", [value]));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = operatorsOfExpressions.get(operator);
    if (!known) {
      const shown = JSON.stringify(operator);
      throw new StatusError("BadRequest", `${shown} is not a valid label selector operator`);
    }
    requirements.push(newRequirement(key, known, values ?? []));
  }
  return requirements;
}

const operatorsOfExpressions: ReadonlyMap<string, LabelOperator> = new Map([
  ["In", "in"],
  ["NotIn", "notin"],
  ["Exists", "exists"],
  ["DoesNotExist", "!"],
]);

function testOf(
  { key, operator, values }: LabelRequirement,
): (labels: Readonly<Record<string, string>>) => boolean {
  const first = values[0] ?? "";
  // "constructor" is a valid label key: what is inherited from Object is no string.
  switch (operator) {
    case "=":
    case "==":
      return (labels) => labels[key] === first;
    case "!=":
      return (labels) => labels[key] !== first;
    case "exists":
      return (labels) => typeof labels[key] === "string";
    case "!":
      return (labels) => typeof labels[key] !== "string";
    case "in": {
      const set = new Set<string | undefined>(values);
      return (labels) => set.has(labels[key]);
    }
    case "notin": {
      const set = new Set<string | undefined>(values);
      return (labels) => !set.has(labels[key]);
    }
    default: {
      const bound = toInteger(first) ?? 0n;
      const greater = operator === "gt";
      return (labels) => {
        const value = toInteger(labels[key]);
        return value !== undefined && (greater ? value > bound : value < bound);
      };
    }
  }
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${values.join(",")})`;
    case "gt":
    case "lt":
      return `${key}${operator === "gt" ? ">" : "<"}${values[0] ?? ""}`;
    default:
      return `${key}${operator}${values[0] ?? ""}`;
  }
}
