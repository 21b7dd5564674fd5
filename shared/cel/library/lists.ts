import { add } from "../values/arithmetic.ts";
import { elementsOf, listOf } from "../values/collections.ts";
import { compare, equals } from "../values/compare.ts";
import { typeOfValue } from "../values/type_of.ts";
import { countWork } from "../values/work.ts";
import {
  CelError,
  type CelValue,
  Duration,
  isError,
  isList,
  type ListValue,
  Uint,
} from "../values/value.ts";
import { type Implementation, type Overload, overload } from "./function_table.ts";

const comparable = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];
const zeros: Readonly<Record<string, CelValue>> = {
  int: 0n,
  uint: new Uint(0n),
  double: 0,
  duration: new Duration(0n),
};
/** The longest list that `lists.range` makes. */
const MAX_RANGE = 1_000_000n;

function onList(run: (list: ListValue, ...rest: CelValue[]) => CelValue): Implementation {
  return (list, ...rest) => run(list as ListValue, ...rest);
}

function isSorted(list: ListValue): CelValue {
  let previous: CelValue | undefined;
  for (const element of elementsOf(list)) {
    if (isError(element)) return element;
    if (previous !== undefined && compare(previous, element) === 1) return false;
    previous = element;
  }
  return true;
}

function sum(list: ListValue, zero: CelValue): CelValue {
  let total = zero;
  for (const element of elementsOf(list)) {
    if (isError(element)) return element;
    total = add(total, element);
    if (isError(total)) return total;
  }
  return total;
}

/** The first element that no other goes before: `direction` is the order that replaces it. */
function extreme(list: ListValue, name: string, direction: 1 | -1): CelValue {
  let found: CelValue | undefined;
  for (const element of elementsOf(list)) {
    if (isError(element)) return element;
    if (found === undefined || compare(found, element) === direction) found = element;
  }
  return found ?? new CelError(`${name} called on empty list`);
}

function indexOf(list: ListValue, item: CelValue): CelValue {
  return BigInt(elementsOf(list).findIndex((element) => equals(element, item)));
}

function lastIndexOf(list: ListValue, item: CelValue): CelValue {
  return BigInt(elementsOf(list).findLastIndex((element) => equals(element, item)));
}

function includes(target: CelValue, item: CelValue): CelValue {
  if (!isList(target)) return equals(target, item);
  return elementsOf(target).some((element) => equals(element, item));
}

function slice(list: ListValue, start: bigint, end: bigint): CelValue {
  const fail = (why: string) => new CelError(`cannot slice(${start}, ${end}), ${why}`);
  if (start < 0n || end < 0n) return fail("negative indexes not supported");
  if (start > end) return fail("start index must be less than or equal to end index");
  if (list.size < end) return fail(`list is length ${list.size}`);
  return listOf(elementsOf(list).slice(Number(start), Number(end)));
}

function flatten(list: ListValue, depth: bigint): CelValue {
  if (depth < 0n) return new CelError("level must be non-negative");
  const flat: CelValue[] = [];
  const visit = (one: ListValue, level: bigint) => {
    for (const element of elementsOf(one)) {
      if (isList(element) && level > 0n) visit(element, level - 1n);
      else flat.push(element);
    }
  };
  visit(list, depth);
  return listOf(flat);
}

function sortBy(list: ListValue, keys: ListValue): CelValue {
  if (list.size !== keys.size) {
    return new CelError(
      "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got " +
        `${list.size} and ${keys.size} elements respectively`,
    );
  }
  const elements = elementsOf(list);
  const values = elementsOf(keys);
  const [first] = values;
  if (first === undefined) return list;
  if (
    !comparable.includes(typeOfValue(first).name.replace(/^google\.protobuf\./, "").toLowerCase())
  ) {
    return new CelError("list elements must be comparable");
  }
  const type = typeOfValue(first).name;
  if (values.some((value) => typeOfValue(value).name !== type) && values.length > 1) {
    return new CelError("list elements must have the same type");
  }
  const order = values.map((_, index) => index).sort((one, other) => {
    countWork(1);
    const result = compare(values[one]!, values[other]!);
    return typeof result === "number" ? result : 0;
  });
  return listOf(order.map((index) => elements[index]!));
}

function range(count: bigint): CelValue {
  if (count < 0n) {
    return new CelError(`lists.range: size must be non-negative, got ${count}`);
  }
  if (count > MAX_RANGE) countWork(Number.POSITIVE_INFINITY);
  return listOf(Array.from({ length: Number(count) }, (_, index) => BigInt(index)));
}

function distinct(list: ListValue): CelValue {
  const unique: CelValue[] = [];
  for (const element of elementsOf(list)) {
    if (!unique.some((other) => equals(element, other))) unique.push(element);
  }
  return listOf(unique);
}

function typed(
  types: readonly string[],
  make: (type: string) => Overload,
): readonly Overload[] {
  return types.map(make);
}

/** Source: "Kubernetes list library" in https://kubernetes.io/docs/reference/using-api/cel/. */
export const kubernetesListFunctions: Readonly<Record<string, readonly Overload[]>> = {
  isSorted: typed(
    comparable,
    (type) => overload(`list_${type}_is_sorted_bool`, `list(${type}).() -> bool`, onList(isSorted)),
  ),
  sum: typed(Object.keys(zeros), (type) =>
    overload(
      `list_${type}_sum_${type}`,
      `list(${type}).() -> ${type}`,
      onList((list) => sum(list, zeros[type]!)),
    )),
  max: typed(comparable, (type) =>
    overload(
      `list_${type}_max_${type}`,
      `list(${type}).() -> ${type}`,
      onList((list) => extreme(list, "max", -1)),
    )),
  min: typed(comparable, (type) =>
    overload(
      `list_${type}_min_${type}`,
      `list(${type}).() -> ${type}`,
      onList((list) => extreme(list, "min", 1)),
    )),
  indexOf: [
    overload(
      "list_a_index_of_int",
      "list(A).(A) -> int",
      onList((list, item) => {
        return indexOf(list, item!);
      }),
    ),
  ],
  lastIndexOf: [
    overload(
      "list_a_last_index_of_int",
      "list(A).(A) -> int",
      onList((list, item) => {
        return lastIndexOf(list, item!);
      }),
    ),
  ],
  includes: [overload("list_includes_dyn_dyn", "dyn.(dyn) -> bool", includes)],
};

/** Source: https://pkg.go.dev/github.com/google/cel-go/ext#Lists, version 3. */
export const listFunctions: Readonly<Record<string, readonly Overload[]>> = {
  slice: [
    overload(
      "list_slice",
      "list(T).(int, int) -> list(T)",
      onList((list, start, end) => {
        return slice(list, start as bigint, end as bigint);
      }),
    ),
  ],
  flatten: [
    overload("list_flatten", "list(list(T)).() -> list(T)", onList((list) => flatten(list, 1n))),
    overload(
      "list_flatten_int",
      "list(dyn).(int) -> list(dyn)",
      onList((list, depth) => {
        return flatten(list, depth as bigint);
      }),
    ),
  ],
  sort: typed(comparable, (type) =>
    overload(
      `list_${type}_sort`,
      `list(${type}).() -> list(${type})`,
      onList((list) => sortBy(list, list)),
    )),
  "@sortByAssociatedKeys": typed(comparable, (type) =>
    overload(
      `list_${type}_sortByAssociatedKeys`,
      `list(T).(list(${type})) -> list(T)`,
      onList((list, keys) => sortBy(list, keys as ListValue)),
    )),
  "lists.range": [
    overload("lists_range", "(int) -> list(int)", (count) => range(count as bigint)),
  ],
  reverse: [
    overload(
      "list_reverse",
      "list(T).() -> list(T)",
      onList((list) => {
        return listOf(elementsOf(list).reverse());
      }),
    ),
  ],
  distinct: [overload("list_distinct", "list(T).() -> list(T)", onList(distinct))],
};
