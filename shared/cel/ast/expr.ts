import type { CelValue } from "../values/value.ts";

/** What all expressions have: a number of their own, and where they are in the source. */
interface Node {
  readonly id: number;
  /** In code points from the start; -1: nowhere. */
  readonly offset: number;
}

export interface Literal extends Node {
  readonly kind: "literal";
  readonly value: CelValue;
}
export interface Ident extends Node {
  readonly kind: "ident";
  readonly name: string;
}
export interface Select extends Node {
  readonly kind: "select";
  readonly operand: Expr;
  readonly field: string;
  /** `has(operand.field)`. */
  readonly testOnly: boolean;
}
export interface Call extends Node {
  readonly kind: "call";
  readonly function: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}
export interface ListExpr extends Node {
  readonly kind: "list";
  readonly elements: readonly Expr[];
  /** Places of elements written with `?`. */
  readonly optional: ReadonlySet<number>;
}
export interface MapEntry extends Node {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}
export interface MapExpr extends Node {
  readonly kind: "map";
  readonly entries: readonly MapEntry[];
}
export interface StructField extends Node {
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
}
export interface StructExpr extends Node {
  readonly kind: "struct";
  readonly typeName: string;
  readonly fields: readonly StructField[];
}
/** What the macros come to: a fold over a list or a map. */
export interface Comprehension extends Node {
  readonly kind: "comprehension";
  readonly range: Expr;
  readonly variable: string;
  /** Set: `variable` is the index or key, this the element or value. */
  readonly variable2: string | undefined;
  readonly accumulator: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}
/** Stands where the source could not be read; there is an issue about it. */
export interface Unspecified extends Node {
  readonly kind: "unspecified";
}

export type Expr =
  | Literal
  | Ident
  | Select
  | Call
  | ListExpr
  | MapExpr
  | StructExpr
  | Comprehension
  | Unspecified;

/** An expression as it is in the making: without its number. */
export type Draft<T extends Expr = Expr> = T extends Expr ? Omit<T, "id" | "offset"> : never;

/** Numbers expressions. One for each parse. */
export class ExprFactory {
  #next = 1;

  /** A number for what is no expression of its own (entries of a map). */
  id(): number {
    return this.#next++;
  }

  make(offset: number, draft: Draft, id: number = this.id()): Expr {
    return { ...draft, id, offset } as Expr;
  }

  /** A copy whose parts all have numbers of their own. */
  copy(expr: Expr): Expr {
    const { offset } = expr;
    const id = this.id();
    const entry = <T extends { readonly value: Expr; readonly key?: Expr }>(one: T): T => ({
      ...one,
      id: this.id(),
      ...(one.key && { key: this.copy(one.key) }),
      value: this.copy(one.value),
    });
    switch (expr.kind) {
      case "select":
        return { ...expr, id, offset, operand: this.copy(expr.operand) };
      case "call":
        return {
          ...expr,
          id,
          args: expr.args.map((arg) => this.copy(arg)),
          target: expr.target && this.copy(expr.target),
        };
      case "list":
        return { ...expr, id, elements: expr.elements.map((element) => this.copy(element)) };
      case "map":
        return { ...expr, id, entries: expr.entries.map(entry) };
      case "struct":
        return { ...expr, id, fields: expr.fields.map(entry) };
      case "comprehension":
        return {
          ...expr,
          id,
          range: this.copy(expr.range),
          init: this.copy(expr.init),
          condition: this.copy(expr.condition),
          step: this.copy(expr.step),
          result: this.copy(expr.result),
        };
      default:
        return { ...expr, id };
    }
  }
}

/** The operators' names as functions; messages use them. */
export const operators = {
  conditional: "_?_:_",
  and: "_&&_",
  or: "_||_",
  not: "!_",
  equals: "_==_",
  notEquals: "_!=_",
  less: "_<_",
  lessEquals: "_<=_",
  greater: "_>_",
  greaterEquals: "_>=_",
  add: "_+_",
  subtract: "_-_",
  multiply: "_*_",
  divide: "_/_",
  modulo: "_%_",
  negate: "-_",
  index: "_[_]",
  optionalIndex: "_[?_]",
  optionalSelect: "_?._",
  in: "@in",
  notStrictlyFalse: "@not_strictly_false",
} as const;

/** The function of a binary operator, by how it is written. */
export const binaryOperators: Readonly<Record<string, string>> = {
  "==": operators.equals,
  "!=": operators.notEquals,
  "<": operators.less,
  "<=": operators.lessEquals,
  ">": operators.greater,
  ">=": operators.greaterEquals,
  "+": operators.add,
  "-": operators.subtract,
  "*": operators.multiply,
  "/": operators.divide,
  "%": operators.modulo,
  "in": operators.in,
};
