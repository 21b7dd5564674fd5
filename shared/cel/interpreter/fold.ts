import type { Comprehension } from "../ast/expr.ts";
import { GrowingList, GrowingMap } from "../values/collections.ts";
import { typeOfValue } from "../values/type_of.ts";
import { CelError, type CelValue, isError, isList, isMap } from "../values/value.ts";
import type { Evaluate } from "./attribute.ts";
import { FoldFrame, type Frame } from "./frame.ts";

/** The parts of a fold, ready to run. */
export interface FoldParts {
  readonly range: Evaluate;
  readonly init: Evaluate;
  readonly condition: Evaluate;
  readonly step: Evaluate;
  readonly result: Evaluate;
}

/**
 * A fold: for each element, while the condition holds, the step makes the next accumulated value. What is collected in an
 * empty list or map grows in place, so that collecting n elements takes n steps.
 */
export function planFold(expr: Comprehension, parts: FoldParts): Evaluate {
  const names = { accumulator: expr.accumulator, one: expr.variable, two: expr.variable2 };
  const initial = (frame: Frame) => growing(parts.init(frame));
  return (frame) => {
    const range = parts.range(frame);
    if (isError(range)) return range;
    const inner = new FoldFrame(frame, names, initial);
    const paired = expr.variable2 !== undefined;
    const entries = isList(range)
      ? listEntries(range, paired)
      : isMap(range)
      ? mapEntries(range, paired)
      : undefined;
    if (!entries) {
      return new CelError(`got '${typeOfValue(range).name}', expected iterable type`);
    }
    for (const [one, two] of entries) {
      inner.one = one;
      inner.two = two;
      const condition = parts.condition(inner);
      if (condition === false) break;
      inner.accumulated = parts.step(inner);
    }
    inner.finished = true;
    return settled(parts.result(inner));
  };
}

function* listEntries(
  list: { readonly size: number; at(index: number): CelValue },
  paired: boolean,
): Iterable<readonly [CelValue, CelValue]> {
  for (let index = 0; index < list.size; index++) {
    const element = list.at(index);
    yield paired ? [BigInt(index), element] : [element, null];
  }
}

function* mapEntries(
  map: { keys(): Iterable<CelValue>; get(key: CelValue): CelValue | undefined },
  paired: boolean,
): Iterable<readonly [CelValue, CelValue]> {
  for (const key of map.keys()) yield [key, paired ? map.get(key) ?? null : null];
}

function growing(value: CelValue): CelValue {
  if (isList(value) && value.size === 0) return new GrowingList();
  return isMap(value) && value.sort === "map" && value.size === 0 ? new GrowingMap() : value;
}

function settled(value: CelValue): CelValue {
  if (value instanceof GrowingList) return value.freeze();
  return value instanceof GrowingMap ? value.copy() : value;
}
