import { type Macro, macroKey, parts } from "../parser/macros.ts";

/** `cel.bind(name, value, expression)`: a value under a name, evaluated at its first use. */
const bind: Macro = (context) => {
  const { target, args: [name, value, expression], make } = context;
  if (target.kind !== "ident" || target.name !== "cel") return undefined;
  if (name!.kind !== "ident") {
    return {
      offset: name!.offset,
      message: "cel.bind() variable names must be simple identifiers",
    };
  }
  const { list, literal, ident } = parts(context);
  return make({
    kind: "comprehension",
    range: list(),
    variable: "#unused",
    variable2: undefined,
    accumulator: name!.name,
    init: value!,
    condition: literal(false),
    step: ident(name!.name),
    result: expression!,
  });
};

export const bindMacro: readonly [string, Macro] = [macroKey("bind", 3, true), bind];
