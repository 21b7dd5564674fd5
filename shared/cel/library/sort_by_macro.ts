import type { Expr } from "../ast/expr.ts";
import { type Macro, macroKey, parts, standardMacros } from "../parser/macros.ts";

const INPUT = "@__sortBy_input__";
const sortable: ReadonlySet<Expr["kind"]> = new Set([
  "list",
  "select",
  "ident",
  "comprehension",
  "call",
]);

/** `list.sortBy(v, key(v))`: the list by the keys of its elements, itself evaluated once. */
const sortBy: Macro = (context) => {
  const { target, make } = context;
  if (!sortable.has(target.kind)) {
    const message =
      "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
    return { offset: target.offset, message };
  }
  const { ident, list, literal, member } = parts(context);
  const map = standardMacros.get(macroKey("map", 2, true))!;
  const keys = map({ ...context, target: ident(INPUT) });
  if (!keys || !("kind" in keys)) return keys;
  return make({
    kind: "comprehension",
    range: list(),
    variable: "#unused",
    variable2: undefined,
    accumulator: INPUT,
    init: target,
    condition: literal(false),
    step: ident(INPUT),
    result: member("@sortByAssociatedKeys", ident(INPUT), keys),
  });
};

export const sortByMacro: readonly [string, Macro] = [macroKey("sortBy", 2, true), sortBy];
