import type { Call, Expr } from "../ast/expr.ts";
import type { Issues } from "../issues.ts";
import { type ClauseKind, clauseMessage, FormatError, piecesOf } from "../library/string_format.ts";
import type { CelType, TypeKind } from "../types/cel_type.ts";

const shown: Readonly<Record<ClauseKind, readonly TypeKind[]>> = {
  s: [
    "list",
    "map",
    "int",
    "uint",
    "double",
    "bool",
    "string",
    "timestamp",
    "bytes",
    "duration",
    "type",
    "null",
  ],
  d: ["int", "uint"],
  f: ["double", "string"],
  e: ["double", "string"],
  b: ["int", "uint", "bool"],
  x: ["int", "uint", "string", "bytes"],
  X: ["int", "uint", "string", "bytes"],
  o: ["int", "uint"],
};

/** Checks `"literal".format([…])`: that the format can be read, and that each clause gets what it can show. */
export function checkFormat(
  call: Call,
  types: ReadonlyMap<number, CelType>,
  issues: Issues,
): void {
  const { target, args: [list] } = call;
  if (target?.kind !== "literal" || typeof target.value !== "string" || list?.kind !== "list") {
    return;
  }
  let index = 0;
  try {
    for (const piece of piecesOf(target.value, list.elements.length)) {
      if (typeof piece === "string") continue;
      const bad = unfit(list.elements[index++]!, piece.kind, types);
      if (!bad) continue;
      issues.reportAt(bad.offset, clauseMessage(piece.kind, types.get(bad.id)!.name));
      return;
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    issues.reportAt(call.offset, error.message);
    return;
  }
  if (list.elements.length > index) {
    const message =
      `too many arguments supplied to string.format (expected ${index}, got ${list.elements.length})`;
    issues.reportAt(call.offset, message);
  }
}

/** The part of an argument that a clause cannot show. */
function unfit(
  expr: Expr,
  kind: ClauseKind,
  types: ReadonlyMap<number, CelType>,
): Expr | undefined {
  const type = types.get(expr.id)!;
  if (type.kind !== "dyn" && !shown[kind].includes(type.kind)) return expr;
  if (kind !== "s") return undefined;
  const parts = expr.kind === "list"
    ? expr.elements
    : expr.kind === "map"
    ? expr.entries.flatMap(({ key, value }) => [key, value])
    : [];
  for (const part of parts) {
    const bad = unfit(part, kind, types);
    if (bad) return bad;
  }
  return undefined;
}
