import { compile } from "../compile.ts";
import type { Environment } from "../environment.ts";
import type { Program } from "../program.ts";
import { anyType, type CelType, sameType, typeText } from "../types/cel_type.ts";

/** An expression of a policy or webhook, compiled, or what is wrong with it. */
export type CompiledExpression =
  | { readonly ok: true; readonly program: Program }
  | {
    readonly ok: false;
    readonly message: string;
    /** The fault is not the expression's: the reference calls what cannot be instantiated internal. */
    readonly internal: boolean;
  };

/** Compiles an expression that must be of one of `types`; `anyType` among them allows every type. */
export function compileExpression(
  expression: string,
  environment: Environment,
  types: readonly CelType[],
): CompiledExpression {
  const compiled = compile(expression, environment);
  if (!compiled.ok) {
    return {
      ok: false,
      message: `${compiled.stage} failed: ${compiled.issues}`,
      internal: compiled.stage === "program instantiation",
    };
  }
  const { program } = compiled;
  const { outputType } = program;
  if (types.some((type) => sameType(type, anyType) || sameType(type, outputType))) {
    return { ok: true, program };
  }
  const wanted = types.length === 1
    ? `must evaluate to ${typeText(types[0]!)}`
    : `must evaluate to one of [${types.map(typeText).join(" ")}]`;
  return { ok: false, message: `${wanted} but got ${typeText(outputType)}`, internal: false };
}
