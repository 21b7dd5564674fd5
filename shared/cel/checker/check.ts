import {
  type Call,
  type Comprehension,
  type Expr,
  type ListExpr,
  type MapExpr,
  operators,
  type Select,
  type StructExpr,
} from "../ast/expr.ts";
import type { Environment } from "../environment.ts";
import type { Issues } from "../issues.ts";
import type { CelFunction } from "../library/function_table.ts";
import {
  boolType,
  type CelType,
  doubleType,
  dynType,
  errorType,
  formatArguments,
  formatType,
  intType,
  listType,
  mapType,
  nullType,
  optionalType,
  sameType,
  stringType,
  typeParam,
  uintType,
  unwrapOptional,
} from "../types/cel_type.ts";
import { bytesType } from "../types/cel_type.ts";
import { type CelValue, Uint } from "../values/value.ts";
import { type Resolved, Scope } from "./scope.ts";
import { isDyn, isDynOrError, mostGeneral, Substitutions } from "./unify.ts";

/** What a name or a call was found to mean. */
export interface Reference {
  /** Of a name: the variable or type. */
  readonly ident?: Resolved;
  /** Of a call. */
  readonly function?: CelFunction;
  /** The overloads that the types of the arguments leave, by identifier. */
  readonly overloads?: readonly string[];
  /** The receiver as written is the first part of the function's name. */
  readonly qualified?: boolean;
}

/** An expression with types. */
export interface Checked {
  readonly expr: Expr;
  readonly types: ReadonlyMap<number, CelType>;
  readonly references: ReadonlyMap<number, Reference>;
}

/** Checks types, reports what does not fit. The result is of use only if nothing was reported. */
export function check(expr: Expr, environment: Environment, issues: Issues): Checked {
  const checker = new Checker(environment, issues);
  return checker.run(expr);
}

class Checker {
  readonly #environment: Environment;
  readonly #issues: Issues;
  readonly #scope: Scope;
  readonly #substitutions = new Substitutions();
  readonly #types = new Map<number, CelType>();
  readonly #references = new Map<number, Reference>();
  #variables = 0;

  constructor(environment: Environment, issues: Issues) {
    this.#environment = environment;
    this.#issues = issues;
    this.#scope = new Scope(environment);
  }

  run(expr: Expr): Checked {
    this.#check(expr);
    for (const [id, type] of this.#types) {
      this.#types.set(id, this.#substitutions.resolve(type, true));
    }
    return { expr, types: this.#types, references: this.#references };
  }

  #check(expr: Expr): CelType {
    const type = this.#typeOf(expr);
    this.#types.set(expr.id, type);
    return type;
  }

  #typeOf(expr: Expr): CelType {
    switch (expr.kind) {
      case "literal":
        return literalType(expr.value);
      case "ident": {
        const ident = this.#scope.resolve(expr.name);
        if (ident) return this.#refer(expr, ident);
        return this.#undeclared(expr.offset, expr.name);
      }
      case "select":
        return this.#select(expr);
      case "call":
        return this.#call(expr);
      case "list":
        return this.#list(expr);
      case "map":
        return this.#map(expr);
      case "struct":
        return this.#struct(expr);
      case "comprehension":
        return this.#comprehension(expr);
      case "unspecified":
        return errorType;
    }
  }

  #refer(expr: Expr, ident: Resolved): CelType {
    this.#references.set(expr.id, { ident });
    return ident.type;
  }

  #undeclared(offset: number, name: string): CelType {
    this.#report(offset, `undeclared reference to '${name}' (in container '')`);
    return errorType;
  }

  #select(expr: Select): CelType {
    const parts = qualifiersOf(expr);
    const ident = parts && this.#scope.resolveQualified(parts);
    if (ident) return this.#refer(expr, ident);
    const type = this.#field(expr.offset, expr.operand, { name: expr.field, optional: false });
    return expr.testOnly ? boolType : this.#substitutions.resolve(type);
  }

  #optionalSelect(expr: Call): CelType {
    const [operand, field] = expr.args;
    const name = field!.kind === "literal" ? field!.value : undefined;
    const type = this.#field(expr.offset, operand!, { name: String(name), optional: true });
    this.#types.set(field!.id, stringType);
    this.#references.set(expr.id, {
      function: { name: expr.function, overloads: [] },
      overloads: ["select_optional_field"],
    });
    return this.#substitutions.resolve(type);
  }

  #field(
    offset: number,
    operand: Expr,
    field: { readonly name: string; readonly optional: boolean },
  ): CelType {
    const operandType = this.#substitutions.resolve(this.#check(operand));
    const { type: target, optional } = unwrapOptional(operandType);
    let result = errorType;
    switch (target.kind) {
      case "map":
        result = target.params[1]!;
        break;
      case "struct":
        result = this.#fieldType(offset, target.name, field.name) ?? errorType;
        break;
      case "typeParam":
        this.#substitutions.assignable(dynType, target);
        result = dynType;
        break;
      default:
        if (!isDynOrError(target)) {
          this.#report(offset, `type '${formatType(target)}' does not support field selection`);
        }
        result = dynType;
    }
    return optional || field.optional ? optionalType(result) : result;
  }

  #fieldType(offset: number, struct: string, field: string): CelType | undefined {
    const definition = this.#environment.struct(struct);
    if (!definition) {
      this.#report(offset, `unexpected failed resolution of '${struct}'`);
      return undefined;
    }
    const type = definition.field(field);
    if (!type) this.#report(offset, `undefined field '${field}'`);
    return type;
  }

  #call(expr: Call): CelType {
    if (expr.function === operators.optionalSelect) return this.#optionalSelect(expr);
    for (const arg of expr.args) this.#check(arg);
    const { target } = expr;
    if (!target) {
      const found = this.#scope.function(expr.function);
      return found ? this.#overload(expr, found) : this.#undeclared(expr.offset, expr.function);
    }
    const prefix = qualifiedName(target);
    const qualified = prefix && this.#scope.function(`${prefix}.${expr.function}`);
    if (qualified) return this.#overload(expr, qualified, { qualified: true });
    this.#check(target);
    const found = this.#scope.function(expr.function);
    if (found) return this.#overload(expr, found, { target });
    return this.#undeclared(expr.offset, expr.function);
  }

  #overload(
    expr: Call,
    called: CelFunction,
    how: { readonly qualified?: boolean; readonly target?: Expr } = {},
  ): CelType {
    const { qualified = false, target } = how;
    const operands = target ? [target, ...expr.args] : expr.args;
    const types = operands.map((operand) => this.#types.get(operand.id)!);
    if (called.name === operators.and || called.name === operators.or) {
      return this.#logic(expr, called, types);
    }
    const ids: string[] = [];
    let result: CelType | undefined;
    for (const overload of called.overloads) {
      if (overload.receiver !== (target !== undefined)) continue;
      const [own, params] = this.#instantiate(overload.result, overload.params);
      if (!this.#substitutions.assignableList(types, params)) continue;
      ids.push(overload.id);
      const resolved = this.#substitutions.resolve(own);
      if (!result) result = resolved;
      else if (!isDyn(result) && !sameType(resolved, result)) result = dynType;
    }
    if (!result) {
      const final = types.map((type) => this.#substitutions.resolve(type, true));
      const applied = formatArguments(final, target !== undefined);
      this.#report(
        expr.offset,
        `found no matching overload for '${called.name}' applied to '${applied}'`,
      );
      return errorType;
    }
    this.#references.set(expr.id, { function: called, overloads: ids, qualified });
    return result;
  }

  #logic(expr: Call, called: CelFunction, types: readonly CelType[]): CelType {
    let valid = true;
    for (const [index, type] of types.entries()) {
      if (this.#substitutions.assignable(type, boolType)) continue;
      this.#mismatch(expr.args[index]!, boolType, type);
      valid = false;
    }
    if (!valid) return errorType;
    const overloads = [called.overloads[0]!.id];
    this.#references.set(expr.id, { function: called, overloads });
    return boolType;
  }

  /** The types of an overload with variables of their own in place of its type parameters. */
  #instantiate(
    result: CelType,
    params: readonly CelType[],
  ): readonly [CelType, readonly CelType[]] {
    const fresh = new Map<string, CelType>();
    const replace = (type: CelType): CelType => {
      if (type.kind === "typeParam") {
        const known = fresh.get(type.name) ?? this.#variable();
        fresh.set(type.name, known);
        return known;
      }
      if (type.params.length === 0) return type;
      return { ...type, params: type.params.map(replace) };
    };
    return [replace(result), params.map(replace)];
  }

  #list(expr: ListExpr): CelType {
    let joined: CelType | undefined;
    for (const [index, element] of expr.elements.entries()) {
      this.#check(element);
      const type = this.#element(element, expr.optional.has(index));
      joined = this.#join(joined, type);
    }
    return listType(joined ?? this.#variable());
  }

  #map(expr: MapExpr): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, optional } of expr.entries) {
      keys = this.#join(keys, this.#check(key));
      this.#check(value);
      values = this.#join(values, this.#element(value, optional));
    }
    return mapType(keys ?? this.#variable(), values ?? this.#variable());
  }

  #struct(expr: StructExpr): CelType {
    const named = this.#scope.resolveType(expr.typeName);
    if (!named) return this.#undeclared(expr.offset, expr.typeName);
    let result = named;
    if (named.kind !== "struct") {
      this.#report(expr.offset, `'${named.name}' is not a message type`);
      result = errorType;
    }
    for (const { name, value, optional, offset } of expr.fields) {
      this.#check(value);
      const field = this.#fieldType(offset, named.name, name) ?? errorType;
      const type = this.#element(value, optional);
      if (this.#substitutions.assignable(field, type)) continue;
      this.#report(
        offset,
        `expected type of field '${name}' is '${formatType(field)}' but provided type is '${
          formatType(type)
        }'`,
      );
    }
    return result;
  }

  /** The type of an element or value; what is written with `?` must be an optional and counts by what is in it. */
  #element(expr: Expr, optional: boolean): CelType {
    const type = this.#types.get(expr.id)!;
    if (!optional) return type;
    const unwrapped = unwrapOptional(type);
    if (!unwrapped.optional && !isDyn(unwrapped.type)) {
      this.#mismatch(expr, optionalType(unwrapped.type), unwrapped.type);
    }
    return unwrapped.type;
  }

  /** Elements of different types make a list of anything; `validateLiterals` refuses it where it is not wanted. */
  #join(previous: CelType | undefined, current: CelType): CelType {
    if (!previous) return current;
    return this.#substitutions.assignable(previous, current)
      ? mostGeneral(previous, current)
      : dynType;
  }

  #comprehension(expr: Comprehension): CelType {
    this.#check(expr.range);
    const accumulator = this.#check(expr.init);
    const range = this.#substitutions.resolve(this.#types.get(expr.range.id)!);
    this.#scope.enter({ [expr.accumulator]: accumulator });
    const [one, two] = this.#elementTypes(expr, range);
    this.#scope.enter({
      [expr.variable]: one,
      ...(expr.variable2 !== undefined && { [expr.variable2]: two }),
    });
    this.#check(expr.condition);
    this.#assert(expr.condition, boolType);
    this.#check(expr.step);
    this.#assert(expr.step, accumulator);
    this.#scope.leave();
    const result = this.#check(expr.result);
    this.#scope.leave();
    return this.#substitutions.resolve(result);
  }

  /** What the variables of a fold are: the element, or the key; with two, index and element, or key and value. */
  #elementTypes(
    { range: { offset }, variable2 }: Comprehension,
    range: CelType,
  ): [CelType, CelType] {
    const [first, second] = range.params;
    switch (range.kind) {
      case "list":
        return variable2 === undefined ? [first!, first!] : [intType, first!];
      case "map":
        return [first!, second!];
      case "dyn":
      case "error":
      case "typeParam":
        this.#substitutions.assignable(dynType, range);
        return [dynType, dynType];
      default:
        this.#report(
          offset,
          `expression of type '${
            formatType(range)
          }' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [errorType, errorType];
    }
  }

  #assert(expr: Expr, expected: CelType): void {
    const actual = this.#types.get(expr.id)!;
    if (!this.#substitutions.assignable(expected, actual)) this.#mismatch(expr, expected, actual);
  }

  #mismatch({ offset }: Expr, expected: CelType, actual: CelType): void {
    this.#report(
      offset,
      `expected type '${formatType(expected)}' but found '${formatType(actual)}'`,
    );
  }

  #variable(): CelType {
    return typeParam(`_var${this.#variables++}`);
  }

  #report(offset: number, message: string): void {
    this.#issues.reportAt(offset, message);
  }
}

function literalType(value: CelValue): CelType {
  if (value === null) return nullType;
  if (typeof value === "boolean") return boolType;
  if (typeof value === "bigint") return intType;
  if (typeof value === "number") return doubleType;
  if (typeof value === "string") return stringType;
  return value instanceof Uint ? uintType : bytesType;
}

/** The parts of `a.b.c`; undefined if it does not begin with a name. */
function qualifiersOf(expr: Expr): readonly string[] | undefined {
  const parts: string[] = [];
  let at = expr;
  while (at.kind === "select") {
    if (at.testOnly) return undefined;
    parts.push(at.field);
    at = at.operand;
  }
  return at.kind === "ident" ? [...parts, at.name].reverse() : undefined;
}

/** `a.b.c` as one name, if it may be one. */
export function qualifiedName(expr: Expr): string | undefined {
  return expr.kind === "ident" ? expr.name : qualifiersOf(expr)?.join(".");
}
