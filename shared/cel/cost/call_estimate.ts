import type { Expr } from "../ast/expr.ts";
import { type CelType, formatType, sameType } from "../types/cel_type.ts";
import { cidrType, formatType as namedFormatType, ipType, urlType } from "../types/signature.ts";
import { listEstimate } from "./list_cost.ts";
import { nominal, selectorCost, textual, walking } from "./call_cost.ts";
import { CHECK_COST, PATTERN_FACTOR, TEXT_FACTOR } from "./unit_costs.ts";
import {
  addRanges,
  type CostRange,
  fixedRange,
  MAX_UINT64,
  multiplyRanges,
  scaleRange,
  uniteRanges,
  unknownRange,
} from "./cost_range.ts";

/** What an estimate knows of an operand. */
export interface Operand {
  readonly path: readonly string[];
  readonly type: CelType;
  readonly expr: Expr | undefined;
  readonly size: CostRange | undefined;
}

/** The cost of a call without its operands, and the size of its result if that is known. */
export interface CallEstimate {
  readonly cost: CostRange;
  readonly size?: CostRange;
}

/** A call that may be made. */
export interface PossibleCall {
  readonly function: string;
  readonly overload: string;
  readonly target: Operand | undefined;
  readonly args: readonly Operand[];
  /** The size of an operand from outside the expression. */
  sizeAt(path: readonly string[]): CostRange | undefined;
}

/** The longest pattern that is assumed behind a named format, in characters. */
const FORMAT_PATTERN_LENGTH = 128;
/** The longest name of a format. */
const MAX_FORMAT_LENGTH = 64;

/**
 * The estimate for a function of the Kubernetes libraries; undefined for those of the language. Which rules a
 * CustomResourceDefinition may have follows from these numbers, so they are the reference's to the unit. Source:
 * k8s.io/apiserver/pkg/cel/library/cost.go.
 */
export function libraryEstimate(call: PossibleCall): CallEstimate | undefined {
  const { function: name, overload, target, args } = call;
  const size = (operand: Operand | undefined) => sizeOf(operand, call);
  const made = listEstimate(call);
  if (made) return made;
  if (name === "ip" && overload === "cidr_ip" || nominal.has(name)) return { cost: fixedRange(1) };
  if (name === "check") return { cost: fixedRange(CHECK_COST) };
  if (walking.has(name)) return target && walkingEstimate(call, target);
  if (textual.has(name)) return textualEstimate(call);
  switch (name) {
    case "fieldSelector":
    case "labelSelector": {
      const { min, max } = size(args[0]);
      return { cost: { min: selectorCost(min), max: Math.min(selectorCost(max), MAX_UINT64) } };
    }
    case "replace":
      return target && args.length >= 2 ? replaceEstimate(call) : undefined;
    case "split":
      return target && splitEstimate(size(target), args[1]);
    case "join":
      return target && joinEstimate(call, target);
    case "find":
    case "findAll":
      return target && args[0] && {
        cost: patternCost(size(target), size(args[0])),
        size: { min: 0, max: size(target).max },
      };
    case "ip.isCanonical":
      return { cost: scaleRange(size(args[0]), 2 * TEXT_FACTOR) };
    case "containsIP":
    case "containsCIDR":
      return containsEstimate(call);
    case "validate": {
      const text = scaleRange(size(args[0]), TEXT_FACTOR);
      return { cost: scaleRange(text, FORMAT_PATTERN_LENGTH * PATTERN_FACTOR) };
    }
    case "_==_":
      return equalityEstimate(args);
    default:
      return undefined;
  }
}

/** The cost of applying a pattern to a text. */
export function patternCost(text: CostRange, pattern: CostRange): CostRange {
  return multiplyRanges(
    scaleRange(addRanges(text, fixedRange(1)), TEXT_FACTOR),
    scaleRange(pattern, PATTERN_FACTOR),
  );
}

function sizeOf(operand: Operand | undefined, call: PossibleCall): CostRange {
  if (!operand) return unknownRange;
  return operand.size ?? call.sizeAt(operand.path) ?? unknownRange;
}

/** The elements of a list as an operand; undefined for what has no elements. */
function elementOf({ type, path }: Operand): Operand | undefined {
  const [element] = type.params;
  if (!element) return undefined;
  const inner = path.length > 0 ? [...path, "@items"] : path;
  return { path: inner, type: element, expr: undefined, size: undefined };
}

function walkingEstimate(call: PossibleCall, target: Operand): CallEstimate {
  const size = sizeOf(target, call);
  const element = elementOf(target);
  if (element) {
    const text = element.type.kind === "string" || element.type.kind === "bytes";
    const each = addRanges(
      fixedRange(1),
      text ? scaleRange(sizeOf(element, call), TEXT_FACTOR) : fixedRange(0),
    );
    return { cost: multiplyRanges(size, each) };
  }
  if (call.function === "includes") return { cost: size };
  return { cost: scaleRange(size, TEXT_FACTOR) };
}

const sized: ReadonlySet<string> = new Set(
  "url jsonpatch.escapeKey lowerAscii upperAscii substring trim".split(" "),
);
const onReceiver: ReadonlySet<string> = new Set("lowerAscii upperAscii substring trim".split(" "));

function textualEstimate(call: PossibleCall): CallEstimate | undefined {
  const { function: name, target, args } = call;
  const operand = onReceiver.has(name) ? target : args[0];
  if (!operand) return undefined;
  const size = sizeOf(operand, call);
  const cost = scaleRange(size, TEXT_FACTOR);
  return sized.has(name) ? { cost, size } : { cost };
}

function replaceEstimate(call: PossibleCall): CallEstimate {
  const text = sizeOf(call.target, call);
  const replaced = sizeOf(call.args[0], call);
  const by = sizeOf(call.args[1], call);
  // The longest result: small parts replaced by large ones, as often as possible; an empty part is around every character.
  let max: readonly [number, number];
  if (replaced.min === 0) max = [Math.min(text.max + 1, MAX_UINT64), text.max];
  else if (by.max <= replaced.min) max = [0, text.max];
  else max = [Math.ceil(text.max / replaced.min), 0];
  // The shortest: large parts by small ones.
  let min: readonly [number, number];
  if (replaced.max === 0) min = [Math.min(text.min + 1, MAX_UINT64), text.min];
  else if (replaced.max <= by.min) min = [0, text.min];
  else min = [Math.ceil(text.min / replaced.max), 0];
  const count = { min: min[0], max: max[0] };
  const kept = { min: min[1], max: max[1] };
  return {
    cost: scaleRange(text, 2 * TEXT_FACTOR),
    size: addRanges(multiplyRanges(count, by), kept),
  };
}

function splitEstimate(text: CostRange, limit: Operand | undefined): CallEstimate {
  const value = limit?.expr?.kind === "literal" ? limit.expr.value : undefined;
  let max = text.max;
  if (typeof value === "bigint") max = value < 0n ? MAX_UINT64 : Number(value);
  return { cost: scaleRange(text, 2 * TEXT_FACTOR), size: { min: 0, max } };
}

function joinEstimate(call: PossibleCall, target: Operand): CallEstimate {
  const list = sizeOf(target, call);
  const element = elementOf(target);
  let size = element ? multiplyRanges(list, sizeOf(element, call)) : fixedRange(0);
  if (call.args.length > 0) {
    const gaps = { min: Math.max(list.min - 1, 0), max: Math.max(list.max - 1, 0) };
    size = addRanges(size, multiplyRanges(sizeOf(call.args[0], call), gaps));
  }
  return { cost: scaleRange(size, TEXT_FACTOR), size };
}

/** An address has 4 or 16 bytes. */
const ADDRESS: CostRange = { min: 4, max: 16 };

function containsEstimate(call: PossibleCall): CallEstimate | undefined {
  const { function: name, overload, args } = call;
  if (args.length < 1) return undefined;
  let cost = scaleRange(addRanges(ADDRESS, ADDRESS), TEXT_FACTOR);
  if (name === "containsCIDR") {
    cost = addRanges(cost, scaleRange(ADDRESS, TEXT_FACTOR), fixedRange(1));
  }
  if (overload === "cidr_contains_ip_string" || overload === "cidr_contains_cidr_string") {
    cost = addRanges(cost, scaleRange(sizeOf(args[0], call), TEXT_FACTOR));
  }
  return { cost };
}

function equalityEstimate(args: readonly Operand[]): CallEstimate | undefined {
  const [one, other] = args;
  if (!one || !other || !sameType(one.type, other.type)) return undefined;
  const { type } = one;
  if (sameType(type, ipType) || sameType(type, cidrType)) return { cost: fixedRange(1) };
  if (sameType(type, namedFormatType)) {
    return { cost: scaleRange({ min: 1, max: MAX_FORMAT_LENGTH }, TEXT_FACTOR) };
  }
  if (sameType(type, urlType)) {
    const size = other.size ? uniteRanges(other.size, other.size) : fixedRange(1);
    return { cost: scaleRange({ min: 1, max: size.max }, TEXT_FACTOR) };
  }
  return constantEquality.has(formatType(type)) ? { cost: fixedRange(1) } : undefined;
}

const constantEquality: ReadonlySet<string> = new Set([
  "kubernetes.Quantity",
  "kubernetes.Semver",
  "kubernetes.authorization.Authorizer",
  "kubernetes.authorization.PathCheck",
  "kubernetes.authorization.GroupCheck",
  "kubernetes.authorization.ResourceCheck",
  "kubernetes.authorization.Decision",
]);
