import { operators } from "../ast/expr.ts";
import type { TypeKind } from "../types/cel_type.ts";
import { add, divide, modulo, multiply, negate, subtract } from "../values/arithmetic.ts";
import { compare, equals } from "../values/compare.ts";
import {
  toBool,
  toBytes,
  toDouble,
  toDuration,
  toInt,
  toText,
  toTimestamp,
  toType,
  toUint,
} from "../values/convert.ts";
import { elementsOf } from "../values/collections.ts";
import { sizeOfValue, typeOfValue } from "../values/type_of.ts";
import {
  CelError,
  type CelValue,
  isError,
  isList,
  isMap,
  noSuchOverload,
} from "../values/value.ts";
import { type Implementation, type Overload, overload } from "./function_table.ts";
import { matches } from "./regex.ts";
import { timeFunctions } from "./time_functions.ts";

type Functions = Readonly<Record<string, readonly Overload[]>>;

/** Overloads that share an implementation, which looks at the values itself; `kinds` is what it can begin with. */
function shared(
  name: string,
  kinds: readonly TypeKind[],
  run: Implementation,
  signatures: Readonly<Record<string, string>>,
): readonly Overload[] {
  const guarded: Implementation = (...args) =>
    kinds.includes(typeOfValue(args[0]!).kind)
      ? run(...args)
      : new CelError(`no such overload: ${name}`);
  return Object.entries(signatures).map(([id, text]) => ({
    ...overload(id, text, guarded),
    unguarded: true,
  }));
}

const additive: readonly TypeKind[] = [
  "bytes",
  "double",
  "duration",
  "int",
  "list",
  "string",
  "timestamp",
  "uint",
];
const subtractive: readonly TypeKind[] = ["double", "duration", "int", "timestamp", "uint"];
const numeric: readonly TypeKind[] = ["double", "int", "uint"];
const ordered: readonly TypeKind[] = [
  "bool",
  "bytes",
  "double",
  "duration",
  "int",
  "string",
  "timestamp",
  "uint",
];
const sized: readonly TypeKind[] = ["bytes", "list", "map", "string", "struct"];

const arithmetic: Functions = {
  [operators.add]: shared(operators.add, additive, add, {
    add_bytes: "(bytes, bytes) -> bytes",
    add_double: "(double, double) -> double",
    add_duration_duration: "(duration, duration) -> duration",
    add_duration_timestamp: "(duration, timestamp) -> timestamp",
    add_timestamp_duration: "(timestamp, duration) -> timestamp",
    add_int64: "(int, int) -> int",
    add_list: "(list(A), list(A)) -> list(A)",
    add_string: "(string, string) -> string",
    add_uint64: "(uint, uint) -> uint",
  }),
  [operators.divide]: shared(operators.divide, numeric, divide, {
    divide_double: "(double, double) -> double",
    divide_int64: "(int, int) -> int",
    divide_uint64: "(uint, uint) -> uint",
  }),
  [operators.modulo]: shared(operators.modulo, ["int", "uint"], modulo, {
    modulo_int64: "(int, int) -> int",
    modulo_uint64: "(uint, uint) -> uint",
  }),
  [operators.multiply]: shared(operators.multiply, numeric, multiply, {
    multiply_double: "(double, double) -> double",
    multiply_int64: "(int, int) -> int",
    multiply_uint64: "(uint, uint) -> uint",
  }),
  [operators.negate]: shared(operators.negate, ["double", "duration", "int"], negate, {
    negate_double: "(double) -> double",
    negate_int64: "(int) -> int",
  }),
  [operators.subtract]: shared(operators.subtract, subtractive, subtract, {
    subtract_double: "(double, double) -> double",
    subtract_duration_duration: "(duration, duration) -> duration",
    subtract_int64: "(int, int) -> int",
    subtract_timestamp_duration: "(timestamp, duration) -> timestamp",
    subtract_timestamp_timestamp: "(timestamp, timestamp) -> duration",
    subtract_uint64: "(uint, uint) -> uint",
  }),
};

/** A comparison for every pair of types that has an order, numbers of different kinds included. */
function comparison(
  name: string,
  id: string,
  holds: (order: -1 | 0 | 1) => boolean,
): readonly Overload[] {
  const run: Implementation = (one, other) => {
    const order = compare(one!, other!);
    return typeof order === "number" ? holds(order) : order;
  };
  const pairs: [string, string][] = [
    ["bool", "bool"],
    ["int64", "int64"],
    ["int64", "double"],
    ["int64", "uint64"],
    ["uint64", "uint64"],
    ["uint64", "double"],
    ["uint64", "int64"],
    ["double", "double"],
    ["double", "int64"],
    ["double", "uint64"],
    ["string", "string"],
    ["bytes", "bytes"],
    ["timestamp", "timestamp"],
    ["duration", "duration"],
  ];
  const signatures = pairs.map(([one, other]) => [
    one === other ? `${id}_${one}` : `${id}_${one}_${other}`,
    `(${one.replace("64", "")}, ${other.replace("64", "")}) -> bool`,
  ]);
  return shared(name, ordered, run, Object.fromEntries(signatures));
}

const comparisons: Functions = {
  [operators.less]: comparison(operators.less, "less", (order) => order < 0),
  [operators.lessEquals]: comparison(operators.lessEquals, "less_equals", (order) => order <= 0),
  [operators.greater]: comparison(operators.greater, "greater", (order) => order > 0),
  [operators.greaterEquals]: comparison(
    operators.greaterEquals,
    "greater_equals",
    (order) => order >= 0,
  ),
};

/** What the interpreter does itself has no implementation. */
const logic: Functions = {
  [operators.conditional]: [overload("conditional", "(bool, A, A) -> A")],
  [operators.and]: [overload("logical_and", "(bool, bool) -> bool")],
  [operators.or]: [overload("logical_or", "(bool, bool) -> bool")],
  [operators.not]: [{
    ...overload("logical_not", "(bool) -> bool", (value) => {
      return typeof value === "boolean" ? !value : noSuchOverload();
    }),
    unguarded: true,
  }],
  [operators.notStrictlyFalse]: [{
    ...overload("not_strictly_false", "(bool) -> bool", (value) => {
      return typeof value === "boolean" ? value : true;
    }),
    unguarded: true,
    takesErrors: true,
  }],
  [operators.equals]: [overload("equals", "(A, A) -> bool")],
  [operators.notEquals]: [overload("not_equals", "(A, A) -> bool")],
  [operators.index]: [
    overload("index_list", "(list(A), int) -> A"),
    overload("index_map", "(map(A, B), A) -> B"),
  ],
  [operators.in]: [
    { ...overload("in_list", "(A, list(A)) -> bool", isIn), unguarded: true },
    { ...overload("in_map", "(A, map(A, B)) -> bool", isIn), unguarded: true },
  ],
};

function isIn(element: CelValue, container: CelValue): CelValue {
  if (isList(container)) return elementsOf(container).some((one) => equals(element, one));
  if (!isMap(container)) return noSuchOverload();
  const found = container.get(element);
  return found !== undefined && isError(found) ? found : found !== undefined;
}

const sizes = shared("size", sized, (value) => BigInt(sizeOfValue(value)), {
  size_bytes: "(bytes) -> int",
  bytes_size: "bytes.() -> int",
  size_list: "(list(A)) -> int",
  list_size: "list(A).() -> int",
  size_map: "(map(A, B)) -> int",
  map_size: "map(A, B).() -> int",
  size_string: "(string) -> int",
  string_size: "string.() -> int",
});

const conversions: Functions = {
  size: sizes,
  type: [{ ...overload("type", "(A) -> type(A)", toType), unguarded: true }],
  dyn: [{ ...overload("to_dyn", "(A) -> dyn", (value) => value), unguarded: true }],
  bool: [
    overload("bool_to_bool", "(bool) -> bool", toBool),
    overload("string_to_bool", "(string) -> bool", toBool),
  ],
  bytes: [
    overload("bytes_to_bytes", "(bytes) -> bytes", toBytes),
    overload("string_to_bytes", "(string) -> bytes", toBytes),
  ],
  double: [
    overload("double_to_double", "(double) -> double", toDouble),
    overload("int64_to_double", "(int) -> double", toDouble),
    overload("string_to_double", "(string) -> double", toDouble),
    overload("uint64_to_double", "(uint) -> double", toDouble),
  ],
  duration: [
    overload("duration_to_duration", "(duration) -> duration", toDuration),
    overload("string_to_duration", "(string) -> duration", toDuration),
  ],
  int: [
    overload("int64_to_int64", "(int) -> int", toInt),
    overload("double_to_int64", "(double) -> int", toInt),
    overload("duration_to_int64", "(duration) -> int", toInt),
    overload("string_to_int64", "(string) -> int", toInt),
    overload("timestamp_to_int64", "(timestamp) -> int", toInt),
    overload("uint64_to_int64", "(uint) -> int", toInt),
  ],
  string: [
    overload("string_to_string", "(string) -> string", toText),
    overload("bool_to_string", "(bool) -> string", toText),
    overload("bytes_to_string", "(bytes) -> string", toText),
    overload("double_to_string", "(double) -> string", toText),
    overload("duration_to_string", "(duration) -> string", toText),
    overload("int64_to_string", "(int) -> string", toText),
    overload("timestamp_to_string", "(timestamp) -> string", toText),
    overload("uint64_to_string", "(uint) -> string", toText),
  ],
  timestamp: [
    overload("timestamp_to_timestamp", "(timestamp) -> timestamp", toTimestamp),
    overload("int64_to_timestamp", "(int) -> timestamp", toTimestamp),
    overload("string_to_timestamp", "(string) -> timestamp", toTimestamp),
  ],
  uint: [
    overload("uint64_to_uint64", "(uint) -> uint", toUint),
    overload("double_to_uint64", "(double) -> uint", toUint),
    overload("int64_to_uint64", "(int) -> uint", toUint),
    overload("string_to_uint64", "(string) -> uint", toUint),
  ],
};

/** A function of two texts. */
function ofTexts(run: (one: string, other: string) => CelValue): Implementation {
  return (one, other) =>
    typeof one === "string" && typeof other === "string" ? run(one, other) : noSuchOverload();
}

function textOverload(id: string, text: string, run: Implementation): Overload {
  return { ...overload(id, text, run), unguarded: true };
}

const texts: Functions = {
  contains: [
    textOverload(
      "contains_string",
      "string.(string) -> bool",
      ofTexts((one, other) => one.includes(other)),
    ),
  ],
  endsWith: [
    textOverload(
      "ends_with_string",
      "string.(string) -> bool",
      ofTexts((one, other) => one.endsWith(other)),
    ),
  ],
  startsWith: [
    textOverload(
      "starts_with_string",
      "string.(string) -> bool",
      ofTexts((one, other) => one.startsWith(other)),
    ),
  ],
  matches: shared("matches", ["string"], ofTexts(matches), {
    matches: "(string, string) -> bool",
    matches_string: "string.(string) -> bool",
  }),
};

/**
 * The functions that every environment has. Source:
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md#standard-definitions.
 */
export const standardFunctions: Functions = {
  ...logic,
  ...arithmetic,
  ...comparisons,
  ...conversions,
  ...texts,
  ...timeFunctions,
};
