import { operators } from "../ast/expr.ts";
import { MAP_INSERT } from "../parser/macros.ts";
import { elementsOf, EntryMap, GrowingMap, listOf } from "../values/collections.ts";
import { display } from "../values/text.ts";
import {
  CelError,
  type CelValue,
  Duration,
  isList,
  isMap,
  type ListValue,
  type MapValue,
  none,
  Optional,
  Timestamp,
  Uint,
} from "../values/value.ts";
import { type Overload, overload } from "./function_table.ts";

/** Whether a value is the one that its type begins with. */
function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === "") return true;
  if (isList(value) || isMap(value)) return value.size === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Optional) return value.value === undefined || isZero(value.value);
  return value instanceof Timestamp && value.seconds === -62135596800n && value.nanos === 0;
}

function unwrapAll(list: CelValue): CelValue {
  const values: CelValue[] = [];
  for (const element of elementsOf(list as ListValue)) {
    if (!(element instanceof Optional)) {
      return new CelError(`value ${display(element)} is not optional`);
    }
    if (element.value !== undefined) values.push(element.value);
  }
  return listOf(values);
}

function at(list: CelValue, place: "first" | "last"): CelValue {
  const { size } = list as ListValue;
  if (size === 0) return none;
  return new Optional((list as ListValue).at(place === "first" ? 0 : size - 1));
}

/** Puts entries into a map that a fold collects in, or into a copy of another. A key that is there is an error. */
function insert(map: MapValue, entries: Iterable<readonly [CelValue, CelValue]>): CelValue {
  const target = map instanceof GrowingMap ? map : copyOf(map);
  for (const [key, value] of entries) {
    if (target.get(key) !== undefined) {
      return new CelError(`insert failed: key ${display(key)} already exists`);
    }
    const failure = target.set(key, value);
    if (failure) return failure;
  }
  return target;
}

function copyOf(map: MapValue): EntryMap {
  if (map instanceof EntryMap) return map.copy();
  const copy = new EntryMap();
  for (const [key, value] of entriesOf(map)) copy.set(key, value);
  return copy;
}

function* entriesOf(map: MapValue): Iterable<readonly [CelValue, CelValue]> {
  for (const key of map.keys()) yield [key, map.get(key)!];
}

/**
 * Optional values, and what folds over two variables need. Source:
 * https://pkg.go.dev/github.com/google/cel-go/cel#OptionalTypes and
 * https://pkg.go.dev/github.com/google/cel-go/ext#TwoVarComprehensions.
 */
export const optionalFunctions: Readonly<Record<string, readonly Overload[]>> = {
  "optional.of": [overload("optional_of", "(V) -> optional(V)", (value) => new Optional(value))],
  "optional.ofNonZeroValue": [
    overload("optional_ofNonZeroValue", "(V) -> optional(V)", (value) => {
      return isZero(value!) ? none : new Optional(value);
    }),
  ],
  "optional.none": [overload("optional_none", "() -> optional(V)", () => none)],
  value: [
    overload("optional_value", "optional(V).() -> V", (optional) => {
      return (optional as Optional).value ??
        ((optional as Optional).value === null
          ? null
          : new CelError("optional.none() dereference"));
    }),
  ],
  hasValue: [
    overload("optional_hasValue", "optional(V).() -> bool", (optional) => {
      return (optional as Optional).value !== undefined;
    }),
  ],
  or: [overload("optional_or_optional", "optional(V).(optional(V)) -> optional(V)")],
  orValue: [overload("optional_orValue_value", "optional(V).(V) -> V")],
  [operators.optionalIndex]: [
    overload("list_optindex_optional_int", "(list(V), int) -> optional(V)"),
    overload("optional_list_optindex_optional_int", "(optional(list(V)), int) -> optional(V)"),
    overload("map_optindex_optional_value", "(map(K, V), K) -> optional(V)"),
    overload("optional_map_optindex_optional_value", "(optional(map(K, V)), K) -> optional(V)"),
  ],
  [operators.index]: [
    overload("optional_list_index_int", "(optional(list(V)), int) -> optional(V)"),
    overload("optional_map_index_value", "(optional(map(K, V)), K) -> optional(V)"),
  ],
  last: [overload("list_last", "list(V).() -> optional(V)", (list) => at(list!, "last"))],
  first: [overload("list_first", "list(V).() -> optional(V)", (list) => at(list!, "first"))],
  "optional.unwrap": [
    overload("optional_unwrap", "(list(optional(V))) -> list(V)", (list) => unwrapAll(list!)),
  ],
  unwrapOpt: [
    overload("optional_unwrapOpt", "list(optional(V)).() -> list(V)", (list) => unwrapAll(list!)),
  ],
  [MAP_INSERT]: [
    overload("@mapInsert_map_key_value", "(map(K, V), K, V) -> map(K, V)", (map, key, value) => {
      return insert(map as MapValue, [[key!, value!]]);
    }),
    overload("@mapInsert_map_map", "(map(K, V), map(K, V)) -> map(K, V)", (map, more) => {
      return insert(map as MapValue, entriesOf(more as MapValue));
    }),
  ],
};
