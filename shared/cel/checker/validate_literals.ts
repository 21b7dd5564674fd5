import type { Call, Expr, ListExpr, MapExpr } from "../ast/expr.ts";
import type { Issues } from "../issues.ts";
import { checkFormat } from "./validate_format.ts";
import { compilePattern } from "../library/regex.ts";
import { type CelType, formatType, sameType } from "../types/cel_type.ts";
import { toDuration, toTimestamp } from "../values/convert.ts";
import { CelError, type CelValue } from "../values/value.ts";
import type { Checked } from "./check.ts";

/**
 * What is checked of literals once the types are right: durations, timestamps and patterns must be such, lists and maps
 * hold values of one type (but for what is formatted), formats get what they ask for.
 */
export function validateLiterals({ expr, types }: Checked, issues: Issues): void {
  const calls: Call[] = [];
  const lists: ListExpr[] = [];
  const maps: MapExpr[] = [];
  for (const one of descendants(expr)) {
    if (one.kind === "call") calls.push(one);
    else if (one.kind === "list") lists.push(one);
    else if (one.kind === "map") maps.push(one);
  }
  checkArguments(calls, "duration", toDuration, issues);
  checkArguments(calls, "timestamp", toTimestamp, issues);
  checkArguments(calls, "matches", (text) => {
    return compilePattern(text as string) instanceof CelError ? new CelError("") : text;
  }, issues);
  const formats = calls.filter(({ function: name }) => name === "format");
  const free = new Set(formats.flatMap((call) => [...descendants(call)]));
  for (const list of lists) if (!free.has(list)) checkList(list, types, issues);
  for (const map of maps) if (!free.has(map)) checkMap(map, types, issues);
  for (const call of formats) checkFormat(call, types, issues);
}

function checkArguments(
  calls: readonly Call[],
  name: string,
  convert: (value: CelValue) => CelValue,
  issues: Issues,
): void {
  for (const call of calls) {
    const [argument] = call.args;
    if (call.function.replace(".", "") !== name || argument?.kind !== "literal") continue;
    if (convert(argument.value) instanceof CelError) {
      issues.reportAt(argument.offset, `invalid ${name} argument`);
    }
  }
}

function checkList(
  { elements, optional }: ListExpr,
  types: ReadonlyMap<number, CelType>,
  issues: Issues,
): void {
  let expected: CelType | undefined;
  for (const [index, element] of elements.entries()) {
    const type = types.get(element.id)!;
    const own = optional.has(index) ? type.params[0] ?? type : type;
    expected ??= own;
    if (sameType(expected, own)) continue;
    mismatch(element, { expected, found: own }, issues);
    return;
  }
}

function checkMap(
  { entries }: MapExpr,
  types: ReadonlyMap<number, CelType>,
  issues: Issues,
): void {
  let expected: { readonly key: CelType; readonly value: CelType } | undefined;
  for (const { key, value, optional } of entries) {
    const keyType = types.get(key.id)!;
    const type = types.get(value.id)!;
    const valueType = optional ? type.params[0] ?? type : type;
    expected ??= { key: keyType, value: valueType };
    if (!sameType(expected.key, keyType)) {
      mismatch(key, { expected: expected.key, found: keyType }, issues);
    }
    if (!sameType(expected.value, valueType)) {
      mismatch(value, { expected: expected.value, found: valueType }, issues);
    }
  }
}

function mismatch(
  { offset }: Expr,
  { expected, found }: { readonly expected: CelType; readonly found: CelType },
  issues: Issues,
): void {
  const message = `expected type '${formatType(expected)}' but found '${formatType(found)}'`;
  issues.reportAt(offset, message);
}

/** An expression and all in it, outermost first. */
export function* descendants(expr: Expr): Iterable<Expr> {
  const open: Expr[] = [expr];
  while (open.length > 0) {
    const one = open.pop()!;
    yield one;
    open.push(...partsOf(one).toReversed());
  }
}

function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "select":
      return [expr.operand];
    case "call":
      return expr.target ? [expr.target, ...expr.args] : expr.args;
    case "list":
      return expr.elements;
    case "map":
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return expr.fields.map(({ value }) => value);
    case "comprehension":
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
    default:
      return [];
  }
}
