import { elementsOf } from "../values/collections.ts";
import { equals } from "../values/compare.ts";
import type { CelValue, ListValue } from "../values/value.ts";
import { type Overload, overload } from "./function_table.ts";

function contains(list: CelValue, part: CelValue): boolean {
  const elements = elementsOf(list as ListValue);
  return elementsOf(part as ListValue).every((one) => elements.some((other) => equals(one, other)));
}

function intersects(one: CelValue, other: CelValue): boolean {
  const elements = elementsOf(other as ListValue);
  return elementsOf(one as ListValue).some((left) => elements.some((right) => equals(left, right)));
}

/** Source: https://pkg.go.dev/github.com/google/cel-go/ext#Sets. */
export const setFunctions: Readonly<Record<string, readonly Overload[]>> = {
  "sets.contains": [
    overload("list_sets_contains_list", "(list(T), list(T)) -> bool", contains),
  ],
  "sets.equivalent": [
    overload("list_sets_equivalent_list", "(list(T), list(T)) -> bool", (one, other) => {
      return contains(one, other) && contains(other, one);
    }),
  ],
  "sets.intersects": [
    overload("list_sets_intersects_list", "(list(T), list(T)) -> bool", intersects),
  ],
};
