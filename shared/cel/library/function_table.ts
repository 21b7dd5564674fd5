import type { CelType } from "../types/cel_type.ts";
import type { CelValue } from "../values/value.ts";

/** Computes a call. Arguments are of the overload's types and no errors, the receiver first. */
export type Implementation = (...args: CelValue[]) => CelValue;

/** One signature of a function. */
export interface Overload {
  readonly id: string;
  /** Called on a receiver, which is the first parameter. */
  readonly receiver: boolean;
  readonly params: readonly CelType[];
  readonly result: CelType;
  /** Absent: the interpreter does it itself. */
  readonly run?: Implementation;
}

/** A function with its overloads in the order in which they are tried. */
export interface CelFunction {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

export type FunctionTable = ReadonlyMap<string, CelFunction>;
