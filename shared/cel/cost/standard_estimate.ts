import { TEXT_FACTOR } from "./unit_costs.ts";
import { type Operand, patternCost, type PossibleCall } from "./call_estimate.ts";
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
import type { EntrySizes } from "./estimate.ts";

/** The cost of a call with its arguments, and what is known of the result. */
export interface StandardEstimate {
  readonly cost: CostRange;
  readonly size?: CostRange;
  readonly entries?: EntrySizes | undefined;
}

const comparing = /^(?:less|greater)(?:_equals)?_(?:string|bytes)$|^(?:not_)?equals$/;

/** The estimate for a function of the language. `costs` are those of the arguments. */
export function standardEstimate(
  call: PossibleCall,
  costs: readonly CostRange[],
  entriesOf: (operand: Operand) => EntrySizes | undefined,
): StandardEstimate {
  const { overload, target, args } = call;
  const size = (operand: Operand | undefined) => operand?.size ?? unknownRange;
  const plus = (cost: CostRange) => addRanges(cost, ...costs);
  const [first, second] = args;
  if (comparing.test(overload)) {
    const max = Math.min(size(first).max, size(second).max);
    return { cost: plus(scaleRange({ min: max > 0 ? 1 : 0, max }, TEXT_FACTOR)) };
  }
  switch (overload) {
    case "string_format":
      if (target) return { cost: plus(scaleRange(size(target), TEXT_FACTOR)) };
      break;
    case "string_to_bytes":
    case "bytes_to_string":
    case "strings_quote":
      return convertedText(overload, size(first), plus);
    case "starts_with_string":
    case "ends_with_string":
      return { cost: plus(scaleRange(size(first), TEXT_FACTOR)) };
    case "in_list":
      return { cost: plus(size(second)) };
    case "matches_string":
      return { cost: plus(patternCost(size(target), size(first))) };
    case "matches":
      return { cost: plus(patternCost(size(first), size(second))) };
    case "contains_string": {
      const text = scaleRange(size(target), TEXT_FACTOR);
      return { cost: plus(multiplyRanges(text, scaleRange(size(first), TEXT_FACTOR))) };
    }
    case "logical_or":
    case "logical_and": {
      const [left, right] = costs as readonly [CostRange, CostRange];
      return { cost: { min: left.min, max: addRanges(left, right).max } };
    }
    case "conditional":
      return choice(args, costs, entriesOf);
    case "add_string":
    case "add_bytes":
    case "add_list": {
      const joined = addRanges(size(first), size(second));
      const own = overload === "add_list" ? fixedRange(1) : scaleRange(joined, TEXT_FACTOR);
      const entries = uniteEntries(entriesOf(first!), entriesOf(second!));
      return { cost: plus(own), size: joined, entries };
    }
  }
  return { cost: plus(fixedRange(1)) };
}

/** A character is up to four bytes; quoting may double a text and adds two. */
function convertedText(
  overload: string,
  { min, max }: CostRange,
  plus: (cost: CostRange) => CostRange,
): StandardEstimate {
  const cost = plus(scaleRange({ min, max }, TEXT_FACTOR));
  const capped = (value: number) => Math.min(value, MAX_UINT64);
  if (overload === "string_to_bytes") return { cost, size: { min, max: capped(max * 4) } };
  if (overload === "bytes_to_string") return { cost, size: { min: Math.floor(min / 4), max } };
  return { cost, size: { min: min + 2, max: capped(max * 2 + 2) } };
}

function choice(
  [, truthy, falsy]: readonly Operand[],
  costs: readonly CostRange[],
  entriesOf: (operand: Operand) => EntrySizes | undefined,
): StandardEstimate {
  const [condition, one, other] = costs as readonly [CostRange, CostRange, CostRange];
  return {
    cost: addRanges(condition, uniteRanges(one, other)),
    size: uniteRanges(truthy!.size ?? unknownRange, falsy!.size ?? unknownRange),
    entries: uniteEntries(entriesOf(truthy!), entriesOf(falsy!)),
  };
}

function uniteEntries(
  one: EntrySizes | undefined,
  other: EntrySizes | undefined,
): EntrySizes | undefined {
  if (!one || !other) return undefined;
  return {
    container: one.container,
    key: uniteRanges(one.key, other.key),
    value: uniteRanges(one.value, other.value),
  };
}
