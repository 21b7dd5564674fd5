import { type Draft, type Expr, type ExprFactory, operators } from "../ast/expr.ts";

/** Why a macro cannot be expanded: a message about one of its parts. */
export interface MacroError {
  readonly offset: number;
  readonly message: string;
}

/** What an expansion works with. */
export interface MacroContext {
  readonly target: Expr;
  readonly args: readonly Expr[];
  /** Makes a part of the expansion, located at the call. */
  make(draft: Draft): Expr;
  copy(expr: Expr): Expr;
}

/** Expands a call into other expressions; undefined: the call is no use of the macro after all. */
export type Macro = (context: MacroContext) => Expr | MacroError | undefined;

/** Macros by `<function>:<arguments>:<true if called on a receiver>`. */
export type MacroTable = ReadonlyMap<string, Macro>;

export function macroKey(name: string, args: number, receiver: boolean): string {
  return `${name}:${args}:${receiver}`;
}

export function isMacroError(result: Expr | MacroError): result is MacroError {
  return !("kind" in result);
}

/** The context of one call. */
export function macroContext(
  factory: ExprFactory,
  call: {
    readonly offset: number;
    readonly target: Expr | undefined;
    readonly args: readonly Expr[];
  },
): MacroContext {
  const { offset, target, args } = call;
  return {
    target: target!,
    args,
    make: (draft) => factory.make(offset, draft),
    copy: (expr) => factory.copy(expr),
  };
}

/** The name of the variable that a fold collects in; it cannot be written in a source. */
export const ACCUMULATOR = "@result";
/** Its former name, which variables may not take either. */
const OLD_ACCUMULATOR = "__result__";

function errorAt(expr: Expr, message: string): MacroError {
  return { offset: expr.offset, message };
}

/** Short forms for the parts of an expansion. */
export function parts({ make }: MacroContext) {
  return {
    accumulator: () => make({ kind: "ident", name: ACCUMULATOR }),
    ident: (name: string) => make({ kind: "ident", name }),
    literal: (value: boolean | bigint) => make({ kind: "literal", value }),
    list: (...elements: Expr[]) => make({ kind: "list", elements, optional: new Set() }),
    map: () => make({ kind: "map", entries: [] }),
    call: (name: string, ...args: Expr[]) =>
      make({ kind: "call", function: name, target: undefined, args }),
    member: (name: string, target: Expr, ...args: Expr[]) =>
      make({ kind: "call", function: name, target, args }),
  };
}

/** The variables of a fold, or what is wrong with them. */
function variablesOf(
  idents: readonly Expr[],
  message: string,
): { readonly names: readonly string[] } | MacroError {
  const names: string[] = [];
  for (const ident of idents) {
    if (ident.kind !== "ident") return errorAt(ident, message);
    names.push(ident.name);
  }
  if (names.length === 2 && names[0] === names[1]) {
    return errorAt(idents[1]!, `duplicate variable name: ${names[0]}`);
  }
  for (const [index, name] of names.entries()) {
    if (name === ACCUMULATOR || name === OLD_ACCUMULATOR) {
      return errorAt(idents[index]!, "iteration variable overwrites accumulator variable");
    }
  }
  return { names };
}

type Fold = (context: MacroContext, rest: readonly Expr[], variables: readonly string[]) => {
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
};

/** A macro that is a fold; its first `variables` arguments are names. */
function fold(variables: 1 | 2, body: Fold, message = "argument must be a simple name"): Macro {
  return (context) => {
    const found = variablesOf(context.args.slice(0, variables), message);
    if ("message" in found) return found;
    return context.make({
      kind: "comprehension",
      range: context.target,
      variable: found.names[0]!,
      variable2: found.names[1],
      accumulator: ACCUMULATOR,
      ...body(context, context.args.slice(variables), found.names),
    });
  };
}

const all: Fold = (context, [predicate]) => {
  const { literal, call, accumulator } = parts(context);
  return {
    init: literal(true),
    condition: call(operators.notStrictlyFalse, accumulator()),
    step: call(operators.and, accumulator(), predicate!),
    result: accumulator(),
  };
};

const exists: Fold = (context, [predicate]) => {
  const { literal, call, accumulator } = parts(context);
  return {
    init: literal(false),
    condition: call(operators.notStrictlyFalse, call(operators.not, accumulator())),
    step: call(operators.or, accumulator(), predicate!),
    result: accumulator(),
  };
};

const existsOne: Fold = (context, [predicate]) => {
  const { literal, call, accumulator } = parts(context);
  const more = call(operators.add, accumulator(), literal(1n));
  return {
    init: literal(0n),
    condition: literal(true),
    step: call(operators.conditional, predicate!, more, accumulator()),
    result: call(operators.equals, accumulator(), literal(1n)),
  };
};

/** `step`, only where `filter` holds if there is one. */
function collecting(context: MacroContext, init: Expr, filter: Expr | undefined, step: Expr) {
  const { literal, call, accumulator } = parts(context);
  return {
    init,
    condition: literal(true),
    step: filter ? call(operators.conditional, filter, step, accumulator()) : step,
    result: accumulator(),
  };
}

/** `[filter,] transform`. */
function filterAndTransform(rest: readonly Expr[]): readonly [Expr | undefined, Expr] {
  return rest.length === 2 ? [rest[0], rest[1]!] : [undefined, rest[0]!];
}

const collectList: Fold = (context, rest) => {
  const { call, list, accumulator } = parts(context);
  const [filter, transform] = filterAndTransform(rest);
  const step = call(operators.add, accumulator(), list(transform));
  return collecting(context, list(), filter, step);
};

const filterList: Fold = (context, [predicate]) => {
  const { call, list, accumulator } = parts(context);
  const step = call(operators.add, accumulator(), list(context.args[0]!));
  return collecting(context, list(), predicate, step);
};

/** How maps are built, an entry or a map of entries at a time. */
export const MAP_INSERT = "cel.@mapInsert";

const collectMap: Fold = (context, rest, [key]) => {
  const { call, map, accumulator, ident } = parts(context);
  const [filter, transform] = filterAndTransform(rest);
  const step = call(MAP_INSERT, accumulator(), ident(key!), transform);
  return collecting(context, map(), filter, step);
};

const collectEntries: Fold = (context, rest) => {
  const { call, map, accumulator } = parts(context);
  const [filter, transform] = filterAndTransform(rest);
  return collecting(context, map(), filter, call(MAP_INSERT, accumulator(), transform));
};

const has: Macro = ({ args: [argument], make }) => {
  if (argument!.kind !== "select") return errorAt(argument!, "invalid argument to has() macro");
  return make({ ...argument!, kind: "select", testOnly: true });
};

/** `x.optMap(v, f(v))`: the value under a name, for an expression that is evaluated only if there is one. */
function mapOptional(name: string, wrap: boolean): Macro {
  return (context) => {
    const { target, args: [variable, mapped], make, copy } = context;
    if (variable!.kind !== "ident") {
      return errorAt(variable!, `${name}() variable name must be a simple identifier`);
    }
    const { call, member, list, literal, ident } = parts(context);
    const bound = make({
      kind: "comprehension",
      range: list(),
      variable: "#unused",
      variable2: undefined,
      accumulator: variable!.name,
      init: member("value", copy(target)),
      condition: literal(false),
      step: ident(variable!.name),
      result: mapped!,
    });
    return call(
      operators.conditional,
      member("hasValue", target),
      wrap ? call("optional.of", bound) : bound,
      call("optional.none"),
    );
  };
}

const notIdentifier = "argument is not an identifier";

/** The macros of the language with those for two variables and for optional values. */
export const standardMacros: MacroTable = new Map([
  [macroKey("has", 1, false), has],
  [macroKey("all", 2, true), fold(1, all)],
  [macroKey("exists", 2, true), fold(1, exists)],
  [macroKey("exists_one", 2, true), fold(1, existsOne)],
  [macroKey("existsOne", 2, true), fold(1, existsOne)],
  [macroKey("map", 2, true), fold(1, collectList, notIdentifier)],
  [macroKey("map", 3, true), fold(1, collectList, notIdentifier)],
  [macroKey("filter", 2, true), fold(1, filterList, notIdentifier)],
  [macroKey("all", 3, true), fold(2, all)],
  [macroKey("exists", 3, true), fold(2, exists)],
  [macroKey("exists_one", 3, true), fold(2, existsOne)],
  [macroKey("existsOne", 3, true), fold(2, existsOne)],
  [macroKey("transformList", 3, true), fold(2, collectList)],
  [macroKey("transformList", 4, true), fold(2, collectList)],
  [macroKey("transformMap", 3, true), fold(2, collectMap)],
  [macroKey("transformMap", 4, true), fold(2, collectMap)],
  [macroKey("transformMapEntry", 3, true), fold(2, collectEntries)],
  [macroKey("transformMapEntry", 4, true), fold(2, collectEntries)],
  [macroKey("optMap", 2, true), mapOptional("optMap", true)],
  [macroKey("optFlatMap", 2, true), mapOptional("optFlatMap", false)],
]);
