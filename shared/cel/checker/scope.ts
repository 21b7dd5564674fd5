import type { Environment } from "../environment.ts";
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  opaqueType,
  optionalType,
  stringType,
  structType,
  timestampType,
  typeOf,
  typeType,
  uintType,
} from "../types/cel_type.ts";
import type { CelFunction } from "../library/function_table.ts";

/** Names that stand for types. */
const typeNames: ReadonlyMap<string, CelType> = new Map([
  ["bool", boolType],
  ["bytes", bytesType],
  ["double", doubleType],
  ["google.protobuf.Duration", durationType],
  ["google.protobuf.Timestamp", timestampType],
  ["int", intType],
  ["list", listType(dynType)],
  ["map", mapType(dynType, dynType)],
  ["null_type", nullType],
  ["optional_type", optionalType(dynType)],
  ["string", stringType],
  ["type", typeType],
  ["uint", uintType],
  ["net.IP", opaqueType("net.IP")],
  ["net.CIDR", opaqueType("net.CIDR")],
]);

/** What a name stands for. */
export interface Resolved {
  /** Without a leading dot. */
  readonly name: string;
  readonly type: CelType;
  /** It is a variable of the environment although a local one has the name: it was written `.name`. */
  readonly global: boolean;
}

/** The names that are known at a place: those of the environment, and those of the folds around it. */
export class Scope {
  readonly #environment: Environment;
  readonly #locals: Map<string, CelType>[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  enter(variables: Readonly<Record<string, CelType>>): void {
    this.#locals.push(new Map(Object.entries(variables)));
  }

  leave(): void {
    this.#locals.pop();
  }

  resolve(name: string): Resolved | undefined {
    const plain = withoutDot(name);
    const local = this.#local(plain);
    if (local && plain === name) return { name, type: local, global: false };
    return this.#global(plain, local !== undefined);
  }

  /** A variable whose name has dots; not if the first part is a local variable. */
  resolveQualified(parts: readonly string[]): Resolved | undefined {
    const first = parts[0]!;
    const local = this.#local(withoutDot(first));
    if (local && !first.startsWith(".")) return undefined;
    return this.#global(withoutDot(parts.join(".")), local !== undefined);
  }

  /** The type that a name is of, for `Name{…}`. */
  resolveType(name: string): CelType | undefined {
    const plain = withoutDot(name);
    return typeNames.get(plain) ??
      (this.#environment.struct(plain) ? structType(plain) : undefined);
  }

  function(name: string): CelFunction | undefined {
    return this.#environment.functions.get(withoutDot(name));
  }

  #local(name: string): CelType | undefined {
    return this.#locals.findLast((scope) => scope.has(name))?.get(name);
  }

  #global(name: string, global: boolean): Resolved | undefined {
    const variable = this.#environment.variables.get(name);
    if (variable) return { name, type: variable, global };
    const type = this.resolveType(name);
    return type && { name, type: typeOf(type), global };
  }
}

function withoutDot(name: string): string {
  return name.startsWith(".") ? name.slice(1) : name;
}
