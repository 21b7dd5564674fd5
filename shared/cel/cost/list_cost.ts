import { sizeOfValue, typeOfValue } from "../values/type_of.ts";
import { type CelValue, isList } from "../values/value.ts";
import { LIST_COST, type MadeCall, TEXT_FACTOR } from "./unit_costs.ts";
import type { CallEstimate, Operand, PossibleCall } from "./call_estimate.ts";
import {
  addRanges,
  type CostRange,
  fixedRange,
  MAX_UINT64,
  multiplyRanges,
  scaleRange,
  unknownRange,
} from "./cost_range.ts";

/** How often each pair of elements is looked at. */
const setFactors: Readonly<Record<string, number>> = {
  list_sets_contains_list: 1,
  list_sets_intersects_list: 1,
  list_sets_equivalent_list: 2,
};
const sorting = /^list_(.+)_sort(?:ByAssociatedKeys)?$/;

/**
 * The estimate for functions that make lists or compare sets; undefined for others. Source: cel-go's ext/lists.go (version
 * 3) and ext/sets.go.
 */
export function listEstimate(call: PossibleCall): CallEstimate | undefined {
  const { overload, target, args } = call;
  const size = (operand: Operand | undefined) =>
    operand?.size ?? (operand && call.sizeAt(operand.path)) ?? unknownRange;
  const factor = setFactors[overload];
  if (factor !== undefined) {
    const pairs = multiplyRanges(size(args[0]), size(args[1]));
    return { cost: addRanges(scaleRange(pairs, factor), fixedRange(1)) };
  }
  const sorted = sorting.exec(overload);
  if (sorted) {
    const keys = size(overload.endsWith("Keys") ? args[0] : target);
    const text = sorted[1] === "string" || sorted[1] === "bytes";
    return making(multiplyRanges(keys, keys), 2 + (text ? TEXT_FACTOR : 0));
  }
  switch (overload) {
    case "list_slice": {
      const start = numberOf(args[0], 0);
      const end = numberOf(args[1], size(target).max);
      // An end before the start wraps around, as a number without a sign does.
      return making(fixedRange(end < start ? MAX_UINT64 + end - start : end - start), 1);
    }
    case "list_flatten":
      return making(size(target), 1);
    case "list_flatten_int":
      return making(size(target), numberOf(args[0], MAX_UINT64));
    case "lists_range":
      return making(fixedRange(numberOf(args[0], MAX_UINT64)), 1);
    case "list_reverse":
      return making(size(target), 1);
    case "list_distinct":
      return making(multiplyRanges(size(target), size(target)), 2);
    default:
      return undefined;
  }
}

function making(size: CostRange, factor: number): CallEstimate {
  return { cost: addRanges(scaleRange(size, factor), fixedRange(1), fixedRange(LIST_COST)), size };
}

/** The number that an operand is written as. */
function numberOf(operand: Operand | undefined, otherwise: number): number {
  const value = operand?.expr?.kind === "literal" ? operand.expr.value : undefined;
  if (typeof value !== "bigint") return otherwise;
  return value < 0n ? 0 : Number(value);
}

/** What a call of such a function cost; undefined for others. */
export function listCost({ overload, args, result }: MadeCall): number | undefined {
  const [first, second] = args;
  const factor = setFactors[overload];
  if (factor !== undefined) {
    return 1 + Math.floor(sizeOfValue(first!) * sizeOfValue(second!) * factor);
  }
  if (sorting.test(overload)) {
    return comparingCost(overload.endsWith("Keys") ? second! : first!);
  }
  switch (overload) {
    case "list_slice":
    case "lists_range":
    case "list_reverse":
      return madeCost(sizeOfValue(result));
    case "list_flatten":
      return madeCost(sizeOfValue(first!));
    case "list_flatten_int": {
      const depth = Number(second);
      return madeCost(sizeOfValue(first!) * (depth < 0 ? 1 : depth));
    }
    case "list_distinct":
      return comparingCost(first!);
    default:
      return undefined;
  }
}

function madeCost(size: number): number {
  return Math.floor(size) + 1 + LIST_COST;
}

/** Each element is compared with each. */
function comparingCost(list: CelValue): number {
  if (!isList(list) || list.size === 0) return madeCost(0);
  const { kind } = typeOfValue(list.at(0));
  const factor = kind === "string" || kind === "bytes" ? 2 + TEXT_FACTOR : 2;
  return madeCost(list.size * list.size * factor);
}
