import type { CelType } from "../types/cel_type.ts";

/**
 * A value of the expression language: `null`, bool, int (`bigint`, 64 bits), double (`number`), string, bytes, and objects
 * for the rest. A `CelError` is a value too: it travels until `&&`, `||` or the end of the evaluation takes it.
 */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | ListValue
  | MapValue
  | Timestamp
  | Duration
  | TypeValue
  | Optional
  | OpaqueValue
  | CelError;

/** An unsigned integer of 64 bits. */
export class Uint {
  constructor(readonly value: bigint) {}
}

/** A list; elements may be made when they are asked for. */
export interface ListValue {
  readonly sort: "list";
  readonly size: number;
  /** `index` is within bounds. */
  at(index: number): CelValue;
  /** Items that count as a set or as a map by keys say so themselves; absent: equal item by item. */
  equals?(other: ListValue): boolean | undefined;
  /** `+`, where it is not to append. */
  concat?(other: ListValue): CelValue;
}

/** A map, or an object with fields. */
export interface MapValue {
  readonly sort: "map" | "object";
  readonly size: number;
  /** Undefined: there is no such key. A key of a wrong type is an error. */
  get(key: CelValue): CelValue | undefined;
  keys(): Iterable<CelValue>;
  /** Of an object: its type. */
  readonly type?: CelType;
}

/** A moment: seconds since the epoch and nanoseconds into the second. */
export class Timestamp {
  constructor(readonly seconds: bigint, readonly nanos: number) {}
}

/** A span of time in nanoseconds. */
export class Duration {
  constructor(readonly nanos: bigint) {}
}

/** A type as a value: what `type(x)` gives. */
export class TypeValue {
  constructor(readonly type: CelType) {}
}

/** A value or none. */
export class Optional {
  constructor(readonly value: CelValue | undefined) {}
}
export const none = new Optional(undefined);

/** A value that only functions look into: quantities, addresses, URLs, the authorizer. */
export abstract class OpaqueValue {
  abstract readonly type: CelType;
  /** Bytes or characters, where that is known to the cost rules. */
  readonly size?: number;
  abstract equals(other: OpaqueValue): boolean;
  /** `string(x)`, where the language has it. */
  asString?(): string;
}

/** Why an evaluation has no value. */
export class CelError {
  constructor(readonly message: string) {}
}

export function noSuchOverload(): CelError {
  return new CelError("no such overload");
}

export function isError(value: CelValue): value is CelError {
  return value instanceof CelError;
}

export function isList(value: CelValue): value is ListValue {
  return sortOf(value) === "list";
}

export function isMap(value: CelValue): value is MapValue {
  const sort = sortOf(value);
  return sort === "map" || sort === "object";
}

function sortOf(value: CelValue): unknown {
  return typeof value === "object" && value !== null && "sort" in value ? value.sort : undefined;
}
