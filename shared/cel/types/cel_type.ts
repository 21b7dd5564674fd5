/** What sort of type a `CelType` is. `opaque` and `struct` are told apart further by their names. */
export type TypeKind =
  | "any"
  | "bool"
  | "bytes"
  | "double"
  | "duration"
  | "dyn"
  | "error"
  | "int"
  | "list"
  | "map"
  | "null"
  | "opaque"
  | "string"
  | "struct"
  | "timestamp"
  | "type"
  | "typeParam"
  | "uint";

/** A type of the expression language. Immutable. Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md. */
export interface CelType {
  readonly kind: TypeKind;
  /** As `type(x)` writes it. */
  readonly name: string;
  /** Element; key and value; what an optional holds; what a `type` is the type of. */
  readonly params: readonly CelType[];
}

function simple(kind: TypeKind, name: string = kind): CelType {
  return Object.freeze({ kind, name, params: [] });
}

export const anyType = simple("any", "google.protobuf.Any");
export const boolType = simple("bool");
export const bytesType = simple("bytes");
export const doubleType = simple("double");
export const durationType = simple("duration", "google.protobuf.Duration");
export const dynType = simple("dyn");
export const errorType = simple("error", "error");
export const intType = simple("int");
export const nullType = simple("null", "null_type");
export const stringType = simple("string");
export const timestampType = simple("timestamp", "google.protobuf.Timestamp");
export const uintType = simple("uint");
/** `type` itself: the type of types. */
export const typeType = simple("type");

export function listType(element: CelType): CelType {
  return { kind: "list", name: "list", params: [element] };
}

export function mapType(key: CelType, value: CelType): CelType {
  return { kind: "map", name: "map", params: [key, value] };
}

/** A type that only functions know how to handle. */
export function opaqueType(name: string, ...params: CelType[]): CelType {
  return { kind: "opaque", name, params };
}

export function optionalType(value: CelType): CelType {
  return opaqueType("optional_type", value);
}

/** A type with fields; which ones, the environment knows. */
export function structType(name: string): CelType {
  return { kind: "struct", name, params: [] };
}

/** A type variable of an overload's signature. */
export function typeParam(name: string): CelType {
  return { kind: "typeParam", name, params: [] };
}

/** The type of a name that stands for a type. */
export function typeOf(type: CelType): CelType {
  return { kind: "type", name: "type", params: [type] };
}

/** Whether both are the same type, parameters included. */
export function sameType(one: CelType, other: CelType): boolean {
  if (one === other) return true;
  return one.kind === other.kind && one.name === other.name &&
    one.params.length === other.params.length &&
    one.params.every((param, index) => sameType(param, other.params[index]!));
}

export function isOptional(type: CelType): boolean {
  return type.kind === "opaque" && type.name === "optional_type";
}

/** What is in an optional, and whether it was one. */
export function unwrapOptional(
  type: CelType,
): { readonly type: CelType; readonly optional: boolean } {
  return isOptional(type) ? { type: type.params[0]!, optional: true } : { type, optional: false };
}

const shortNames: Partial<Record<TypeKind, string>> = {
  any: "any",
  duration: "duration",
  error: "!error!",
  null: "null",
  timestamp: "timestamp",
};

/** As messages write it: `list(string)`, `timestamp`. */
export function formatType(type: CelType): string {
  const short = shortNames[type.kind];
  if (short !== undefined) return short;
  if (type.params.length === 0) return type.name;
  return `${type.name}(${type.params.map(formatType).join(", ")})`;
}

/** By its full name: `google.protobuf.Timestamp`, `list(int)`. */
export function typeText({ name, params }: CelType): string {
  return params.length === 0 ? name : `${name}(${params.map(typeText).join(", ")})`;
}

/** The arguments of a call as messages write them: `(int, string)`, with a receiver `string.(int)`. */
export function formatArguments(types: readonly CelType[], receiver: boolean): string {
  const texts = types.map(formatType);
  return receiver ? `${texts[0]}.(${texts.slice(1).join(", ")})` : `(${texts.join(", ")})`;
}
