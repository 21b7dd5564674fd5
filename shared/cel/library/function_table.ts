import { signature } from "../types/signature.ts";
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
  /** `run` looks at the types of its arguments itself. */
  readonly unguarded?: boolean;
  /** `run` takes errors as arguments. */
  readonly takesErrors?: boolean;
}

/** A function with its overloads in the order in which they are tried. */
export interface CelFunction {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

export type FunctionTable = ReadonlyMap<string, CelFunction>;

/** An overload by its signature in words, e.g. `string.(string) -> bool`. */
export function overload(id: string, text: string, run?: Implementation): Overload {
  const { receiver, params, result } = signature(text);
  return { id, receiver, params, result, ...(run && { run }) };
}

/** Functions as a table; overloads of a name that several sources give are tried in the order of the sources. */
export function functionTable(
  ...sources: readonly Readonly<Record<string, readonly Overload[]>>[]
): FunctionTable {
  const table = new Map<string, CelFunction>();
  for (const source of sources) {
    for (const [name, overloads] of Object.entries(source)) {
      const known = table.get(name)?.overloads ?? [];
      const fresh = overloads.filter(({ id }) => !known.some((other) => other.id === id));
      table.set(name, { name, overloads: [...known, ...fresh] });
    }
  }
  return table;
}
