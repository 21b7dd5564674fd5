import type { FunctionTable } from "./library/function_table.ts";
import type { MacroTable } from "./parser/macros.ts";
import type { CelType } from "./types/cel_type.ts";
import { type DeclType, objectTypesIn } from "./types/decl_type.ts";
import type { CelValue } from "./values/value.ts";

/** A type that is made by writing `Name{field: value}` and read by its fields. */
export interface StructDefinition {
  /** The type of a field; undefined: there is none. */
  field(name: string): CelType | undefined;
  /** A value of the type; a `CelError` if the fields are no such. Absent: it cannot be written. */
  create?(fields: ReadonlyMap<string, CelValue>): CelValue;
}

/** What an expression may speak of. Immutable; `extendEnvironment` makes narrower ones. */
export interface Environment {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly functions: FunctionTable;
  readonly macros: MacroTable;
  /** Finds a struct type by its name. */
  struct(name: string): StructDefinition | undefined;
}

/** What an environment gets in addition. */
export interface Extension {
  /** Of a declared type, or of a schema's. */
  readonly variables?: Readonly<Record<string, CelType | DeclType>>;
  /** Types of which variables are, if they have fields; found from `variables` for schema types. */
  readonly declTypes?: readonly DeclType[];
  struct?(name: string): StructDefinition | undefined;
  readonly functions?: FunctionTable;
}

/**
 * An environment with more in it. A `DeclType` must bear names (`assignTypeNames`), for fields are found by the name of
 * their type.
 */
export function extendEnvironment(base: Environment, extension: Extension): Environment {
  const variables = new Map(base.variables);
  const objects = new Map<string, DeclType>();
  const know = (type: DeclType) => {
    for (const [name, object] of objectTypesIn(type)) objects.set(name, object);
  };
  for (const [name, type] of Object.entries(extension.variables ?? {})) {
    if (!("celType" in type)) variables.set(name, type);
    else {
      variables.set(name, type.celType);
      know(type);
    }
  }
  extension.declTypes?.forEach(know);
  const functions = extension.functions
    ? new Map([...base.functions, ...extension.functions])
    : base.functions;
  return {
    ...base,
    variables,
    functions,
    struct(name) {
      const object = objects.get(name);
      if (object) return { field: (field) => object.fields!.get(field)?.type.celType };
      return extension.struct?.(name) ?? base.struct(name);
    },
  };
}
