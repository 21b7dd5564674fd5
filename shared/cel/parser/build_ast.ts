import type { ParserRuleContext, ParseTree, Token } from "antlr4ng";
import {
  binaryOperators,
  type Draft,
  type Expr,
  ExprFactory,
  type MapEntry,
  operators,
  type StructField,
} from "../ast/expr.ts";
import { type Issues, noLocation } from "../issues.ts";
import { type CelValue, Uint } from "../values/value.ts";
import * as tree from "./grammar/cel_parser.gen.ts";
import { isMacroError, macroContext, macroKey, type MacroTable } from "./macros.ts";
import { LiteralError, unquoteBytes, unquoteString } from "./unquote.ts";

/** Words that may name fields but no variables. */
const reservedWords: ReadonlySet<string> = new Set(
  ("as break const continue else false for function if import in let loop package namespace null " +
    "return true var void while").split(" "),
);
const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

/**
 * Makes expressions of a parse tree and expands macros. A tree with syntax errors gives some expression as well; what is
 * wrong beyond them is reported.
 */
export class AstBuilder {
  readonly #issues: Issues;
  readonly #macros: MacroTable;
  readonly #factory = new ExprFactory();

  constructor(issues: Issues, macros: MacroTable) {
    this.#issues = issues;
    this.#macros = macros;
  }

  build(start: tree.StartContext): Expr {
    return this.#visit(start._e);
  }

  #visit(node: ParseTree | null | undefined): Expr {
    const compound = unnest(node);
    if (compound instanceof tree.ExprContext) return this.#conditional(compound);
    if (compound instanceof tree.ConditionalOrContext) return this.#logic(compound, operators.or);
    if (compound instanceof tree.ConditionalAndContext) return this.#logic(compound, operators.and);
    if (compound instanceof tree.RelationContext) {
      return this.#binary(compound, compound._op, [compound.relation(0), compound.relation(1)]);
    }
    if (compound instanceof tree.CalcContext) {
      return this.#binary(compound, compound._op, [compound.calc(0), compound.calc(1)]);
    }
    if (compound instanceof tree.LogicalNotContext) return this.#prefix(compound, operators.not);
    if (compound instanceof tree.NegateContext) return this.#prefix(compound, operators.negate);
    return this.#member(compound) ?? this.#primary(compound) ?? this.#literal(compound) ??
      this.#unknown(compound);
  }

  #member(node: ParseTree | null): Expr | undefined {
    if (node instanceof tree.SelectContext) return this.#select(node);
    if (node instanceof tree.MemberCallContext) return this.#memberCall(node);
    if (node instanceof tree.IndexContext) return this.#index(node);
    return undefined;
  }

  #primary(node: ParseTree | null): Expr | undefined {
    if (node instanceof tree.IdentContext) return this.#ident(node);
    if (node instanceof tree.GlobalCallContext) return this.#globalCall(node);
    if (node instanceof tree.CreateListContext) return this.#list(node);
    if (node instanceof tree.CreateStructContext) return this.#map(node);
    if (node instanceof tree.CreateMessageContext) return this.#struct(node);
    return undefined;
  }

  #literal(node: ParseTree | null): Expr | undefined {
    if (!(node instanceof tree.LiteralContext)) return undefined;
    if (node instanceof tree.IntContext) return this.#int(node);
    if (node instanceof tree.UintContext) return this.#uint(node);
    if (node instanceof tree.DoubleContext) return this.#double(node);
    if (node instanceof tree.StringContext) return this.#quoted(node, unquoteString);
    if (node instanceof tree.BytesContext) {
      return this.#quoted(node, (text) => unquoteBytes(text.slice(1)));
    }
    if (node instanceof tree.BoolTrueContext) return this.#value(node, true);
    if (node instanceof tree.BoolFalseContext) return this.#value(node, false);
    return node instanceof tree.NullContext ? this.#value(node, null) : undefined;
  }

  /** What could not be read: there is a syntax error already. */
  #unknown(node: ParseTree | null): Expr {
    if (node instanceof tree.UnaryContext) return this.#value(node, "<<error>>");
    if (this.#issues.count === 0) {
      const what = node ? `<<${node.constructor.name}>>` : "<<nil>>";
      this.#issues.report(noLocation, `unknown parse element encountered: ${what}`);
    }
    return this.#make(-1, { kind: "unspecified" });
  }

  #conditional(node: tree.ExprContext): Expr {
    const condition = this.#visit(node._e);
    const args = [condition, this.#visit(node._e1), this.#visit(node._e2)];
    return this.#call(offsetOf(node._op), operators.conditional, undefined, args);
  }

  /** A chain of terms as a balanced tree, so that long chains are not deep. */
  #logic(
    node: tree.ConditionalOrContext | tree.ConditionalAndContext,
    operator: string,
  ): Expr {
    const rest: readonly ParserRuleContext[] = node._e1;
    const terms = [this.#visit(node._e)];
    for (const index of node._ops.keys()) {
      if (index >= rest.length) {
        const written = operator === operators.or ? "||" : "&&";
        return this.#fail(offsetOf(node), `unexpected character, wanted '${written}'`);
      }
      terms.push(this.#visit(rest[index]));
    }
    const balance = (low: number, high: number): Expr => {
      const middle = (low + high + 1) >> 1;
      const left = middle === low ? terms[middle]! : balance(low, middle - 1);
      const right = middle === high ? terms[middle + 1]! : balance(middle + 1, high);
      return this.#make(offsetOf(node._ops[middle]), {
        kind: "call",
        function: operator,
        target: undefined,
        args: [left, right],
      });
    };
    return balance(0, node._ops.length - 1);
  }

  #binary(
    node: ParserRuleContext,
    operator: Token | null | undefined,
    operands: readonly (ParseTree | null)[],
  ): Expr {
    const name = binaryOperators[operator?.text ?? ""];
    if (name === undefined) return this.#fail(offsetOf(node), "operator not found");
    const args = operands.map((operand) => this.#visit(operand));
    return this.#call(offsetOf(operator), name, undefined, args);
  }

  #prefix(node: tree.LogicalNotContext | tree.NegateContext, operator: string): Expr {
    const operand = this.#visit(node.member());
    if (node._ops.length % 2 === 0) return operand;
    return this.#call(offsetOf(node._ops[0]), operator, undefined, [operand]);
  }

  #select(node: tree.SelectContext): Expr {
    const operand = this.#visit(node.member());
    if (!node._id || !node._op) return this.#make(offsetOf(node), { kind: "unspecified" });
    const field = this.#fieldName(node._id);
    const offset = offsetOf(node._op);
    if (!node._opt) return this.#make(offset, { kind: "select", operand, field, testOnly: false });
    const name = this.#make(offsetOf(node._id), { kind: "literal", value: field });
    return this.#make(offset, {
      kind: "call",
      function: operators.optionalSelect,
      target: undefined,
      args: [operand, name],
    });
  }

  #memberCall(node: tree.MemberCallContext): Expr {
    const target = this.#visit(node.member());
    if (!node._id) return this.#make(offsetOf(node), { kind: "unspecified" });
    const args = this.#arguments(node._args);
    return this.#call(offsetOf(node._open), node._id.text ?? "", target, args);
  }

  #index(node: tree.IndexContext): Expr {
    const target = this.#visit(node.member());
    if (!node._op) return this.#make(offsetOf(node), { kind: "unspecified" });
    const operator = node._opt ? operators.optionalIndex : operators.index;
    const args = [target, this.#visit(node._index)];
    return this.#call(offsetOf(node._op), operator, undefined, args);
  }

  #ident(node: tree.IdentContext): Expr {
    const name = this.#nameOf(node);
    if (typeof name !== "string") return name;
    return this.#make(offsetOf(node._id), { kind: "ident", name });
  }

  #globalCall(node: tree.GlobalCallContext): Expr {
    const name = this.#nameOf(node);
    if (typeof name !== "string") return name;
    return this.#call(offsetOf(node._op), name, undefined, this.#arguments(node._args));
  }

  #nameOf(node: tree.IdentContext | tree.GlobalCallContext): string | Expr {
    if (!node._id) return this.#make(offsetOf(node), { kind: "unspecified" });
    const word = node._id.text ?? "";
    if (reservedWords.has(word)) return this.#fail(offsetOf(node), `reserved identifier: ${word}`);
    return node._leadingDot ? `.${word}` : word;
  }

  #list(node: tree.CreateListContext): Expr {
    const elements: Expr[] = [];
    const optional = new Set<number>();
    for (const element of node._elems?._elems ?? []) {
      if (element._opt) optional.add(elements.length);
      elements.push(this.#visit(element._e));
    }
    return this.#make(offsetOf(node._op), { kind: "list", elements, optional });
  }

  #map(node: tree.CreateStructContext): Expr {
    const list = node._entries;
    const entries: MapEntry[] = [];
    for (const [index, colon] of (list?._cols ?? []).entries()) {
      const key = list!._keys[index];
      const value = list!._values[index];
      if (!key || !value) break;
      entries.push({
        id: this.#factory.id(),
        offset: offsetOf(colon),
        key: this.#visit(key._e),
        value: this.#visit(value),
        optional: !!key._opt,
      });
    }
    return this.#make(offsetOf(node._op), { kind: "map", entries });
  }

  #struct(node: tree.CreateMessageContext): Expr {
    const name = node._ids.map((id) => id.text ?? "").join(".");
    const list = node._entries;
    const fields: StructField[] = [];
    for (const [index, field] of (list?._fields ?? []).entries()) {
      const colon = list!._cols[index];
      const value = list!._values[index];
      if (!colon || !value) break;
      const ident = field.escapeIdent();
      if (!ident) continue;
      fields.push({
        id: this.#factory.id(),
        offset: offsetOf(colon),
        name: this.#fieldName(ident),
        value: this.#visit(value),
        optional: !!field._opt,
      });
    }
    const typeName = node._leadingDot ? `.${name}` : name;
    return this.#make(offsetOf(node._op), { kind: "struct", typeName, fields });
  }

  #fieldName(node: tree.EscapeIdentContext): string {
    if (node instanceof tree.SimpleIdentifierContext) return node._id?.text ?? "";
    if (node instanceof tree.EscapedIdentifierContext) return (node._id?.text ?? "").slice(1, -1);
    this.#issues.reportAt(offsetOf(node), "unsupported ident kind");
    return "";
  }

  #arguments(list: tree.ExprListContext | undefined): readonly Expr[] {
    return (list?._e ?? []).map((argument) => this.#visit(argument));
  }

  #int(node: tree.IntContext): Expr {
    const value = BigInt(node._tok?.text || "0") * (node._sign ? -1n : 1n);
    if (value < MIN_INT || value > MAX_INT) {
      return this.#fail(offsetOf(node), "invalid int literal");
    }
    return this.#value(node, value);
  }

  #uint(node: tree.UintContext): Expr {
    const value = BigInt((node._tok?.text ?? "0u").slice(0, -1));
    if (value > MAX_UINT) return this.#fail(offsetOf(node), "invalid uint literal");
    return this.#value(node, new Uint(value));
  }

  #double(node: tree.DoubleContext): Expr {
    const value = Number(node._tok?.text) * (node._sign ? -1 : 1);
    if (!Number.isFinite(value)) return this.#fail(offsetOf(node), "invalid double literal");
    return this.#value(node, value);
  }

  #quoted(
    node: tree.StringContext | tree.BytesContext,
    unquote: (text: string) => CelValue,
  ): Expr {
    try {
      return this.#value(node, unquote(node._tok?.text ?? ""));
    } catch (error) {
      if (!(error instanceof LiteralError)) throw error;
      this.#issues.reportAt(offsetOf(node), error.message);
      return this.#value(node, "");
    }
  }

  #value(node: ParserRuleContext, value: CelValue): Expr {
    return this.#make(offsetOf(node), { kind: "literal", value });
  }

  /** A call, or what the macro of that name makes of it. */
  #call(
    offset: number,
    name: string,
    target: Expr | undefined,
    args: readonly Expr[],
  ): Expr {
    const macro = this.#macros.get(macroKey(name, args.length, target !== undefined));
    const expanded = macro?.(macroContext(this.#factory, { offset, target, args }));
    if (!expanded) return this.#make(offset, { kind: "call", function: name, target, args });
    return isMacroError(expanded) ? this.#fail(expanded.offset, expanded.message) : expanded;
  }

  #fail(offset: number, message: string): Expr {
    this.#issues.reportAt(offset, message);
    return this.#make(offset, { kind: "unspecified" });
  }

  #make(offset: number, draft: Draft): Expr {
    return this.#factory.make(offset, draft);
  }
}

/** Where a token or the first token of a rule is. */
function offsetOf(place: Token | ParserRuleContext | null | undefined): number {
  if (!place) return -1;
  return ("ruleIndex" in place ? place.start?.start : place.start) ?? -1;
}

/** Down the rules that only pass on, to the first that says something. */
function unnest(node: ParseTree | null | undefined): ParseTree | null {
  let at = node;
  while (at) {
    if (at instanceof tree.ExprContext) {
      if (at._op) return at;
      at = at._e;
    } else if (
      at instanceof tree.ConditionalOrContext || at instanceof tree.ConditionalAndContext
    ) {
      if (at._ops.length > 0) return at;
      at = at._e;
    } else if (at instanceof tree.RelationContext) {
      if (at._op) return at;
      at = at.calc();
    } else if (at instanceof tree.CalcContext) {
      if (at._op) return at;
      at = at.unary();
    } else if (at instanceof tree.MemberExprContext) at = at.member();
    else if (at instanceof tree.PrimaryExprContext) at = at.primary();
    else if (at instanceof tree.NestedContext) at = at._e;
    else if (at instanceof tree.ConstantLiteralContext) at = at.literal();
    else return at;
  }
  return null;
}
