import {
  type CelType,
  dynType,
  isOptional,
  listType,
  mapType,
  nullType,
  opaqueType,
  sameType,
  typeOf,
} from "../types/cel_type.ts";

export function isDyn({ kind }: CelType): boolean {
  return kind === "dyn" || kind === "any";
}

export function isDynOrError(type: CelType): boolean {
  return isDyn(type) || type.kind === "error";
}

/**
 * What the type variables of one check stand for. Assignments that fail leave nothing behind: changes are kept in a
 * journal and undone, so that a check takes time in proportion to the expression.
 */
export class Substitutions {
  readonly #bound = new Map<string, CelType>();
  readonly #journal: [string, CelType | undefined][] = [];

  /** Whether a value of `one` may be used as `other`; binds type variables if it may. */
  assignable(one: CelType, other: CelType): boolean {
    return this.assignableList([one], [other]);
  }

  assignableList(ones: readonly CelType[], others: readonly CelType[]): boolean {
    const start = this.#journal.length;
    if (this.#assignAll(ones, others)) return true;
    while (this.#journal.length > start) {
      const [name, before] = this.#journal.pop()!;
      if (before) this.#bound.set(name, before);
      else this.#bound.delete(name);
    }
    return false;
  }

  /** `type` with what its variables stand for; unbound ones become `dyn` if `final`. */
  resolve(type: CelType, final = false): CelType {
    if (type.kind === "typeParam") {
      const bound = this.#bound.get(type.name);
      if (bound) return this.resolve(bound, final);
      return final ? dynType : type;
    }
    if (type.params.length === 0) return type;
    const params = type.params.map((param) => this.resolve(param, final));
    switch (type.kind) {
      case "list":
        return listType(params[0]!);
      case "map":
        return mapType(params[0]!, params[1]!);
      case "type":
        return typeOf(params[0]!);
      default:
        return opaqueType(type.name, ...params);
    }
  }

  #assignAll(ones: readonly CelType[], others: readonly CelType[]): boolean {
    return ones.length === others.length &&
      ones.every((one, index) => this.#assign(one, others[index]!));
  }

  #assign(one: CelType, other: CelType): boolean {
    if (other.kind === "typeParam") {
      const { valid, bound } = this.#substitute(one, other);
      if (valid) return true;
      if (bound) return false;
    }
    if (one.kind === "typeParam") return this.#substitute(other, one).valid;
    if (isDynOrError(one) || isDynOrError(other)) return true;
    if (one.kind === "null") return nullable(other);
    if (other.kind === "null") return nullable(one);
    switch (one.kind) {
      case "type":
        return other.kind === "type";
      case "opaque":
      case "list":
      case "map":
        return one.kind === other.kind && one.name === other.name &&
          this.#assignAll(one.params, other.params);
      default:
        return sameType(one, other);
    }
  }

  /** Whether `type` may stand for `variable`, and whether something did before. */
  #substitute(
    type: CelType,
    variable: CelType,
  ): { readonly valid: boolean; readonly bound: boolean } {
    if (sameType(type, variable)) return { valid: true, bound: true };
    const known = this.#bound.get(variable.name);
    if (known) {
      if (sameType(type, known)) return { valid: true, bound: true };
      if (!this.#assign(type, known)) return { valid: false, bound: true };
      const general = mostGeneral(type, known);
      if (this.#absentFrom(variable, general)) this.#bind(variable.name, general);
      return { valid: true, bound: true };
    }
    if (!this.#absentFrom(variable, type)) return { valid: false, bound: false };
    this.#bind(variable.name, type);
    return { valid: true, bound: false };
  }

  #bind(name: string, type: CelType): void {
    this.#journal.push([name, this.#bound.get(name)]);
    this.#bound.set(name, type);
  }

  /** The occurs check: a variable must not stand for a type that it is a part of. */
  #absentFrom(variable: CelType, type: CelType): boolean {
    if (sameType(variable, type)) return false;
    if (type.kind === "typeParam") {
      const bound = this.#bound.get(type.name);
      return !bound || this.#absentFrom(variable, bound);
    }
    return type.params.every((param) => this.#absentFrom(variable, param));
  }
}

/** The one of two types that agree that says less. */
export function mostGeneral(one: CelType, other: CelType): CelType {
  return lessSpecific(one, other) ? one : other;
}

function lessSpecific(one: CelType, other: CelType): boolean {
  if (isDyn(one) || one.kind === "typeParam") return true;
  if (isDyn(other) || other.kind === "typeParam" || one.kind !== other.kind) return false;
  switch (one.kind) {
    case "opaque":
      return one.name === other.name && one.params.length === other.params.length &&
        one.params.every((param, index) => lessSpecific(param, other.params[index]!));
    case "list":
    case "map":
      return one.params.every((param, index) => lessSpecific(param, other.params[index]!));
    case "type":
      return true;
    default:
      return sameType(one, other);
  }
}

function nullable(type: CelType): boolean {
  const kinds = ["opaque", "struct", "any", "duration", "timestamp"];
  return kinds.includes(type.kind) || isOptional(type) || sameType(type, nullType);
}
