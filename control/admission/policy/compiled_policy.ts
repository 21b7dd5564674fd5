import type {
  MatchCondition,
  ParamKind,
  Variable,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { CompiledExpression } from "../../../shared/cel/admission/compile_expression.ts";
import { MATCH_CONDITIONS_BUDGET } from "../../../shared/cel/limits.ts";
import { celEngine } from "../../../shared/cel/loading.ts";
import { anyType, boolType, type CelType } from "../../../shared/cel/types/cel_type.ts";
import { joinReasons } from "../refusal.ts";
import { type EvaluationInput, Evaluator, type NamedExpression } from "./evaluation.ts";

/** Compiles the expressions of one policy, which may use its variables. `loadCel` has been awaited. */
export class PolicyCompiler {
  readonly #params: boolean;
  readonly #types = new Map<string, CelType | undefined>();
  /** By name, for evaluation. */
  readonly variables = new Map<string, CompiledExpression>();

  constructor(
    { paramKind, variables = [] }: {
      readonly paramKind?: ParamKind | undefined;
      readonly variables?: readonly Variable[] | undefined;
    },
  ) {
    this.#params = paramKind !== undefined;
    for (const { name, expression = "" } of variables) {
      // A variable may use those before it.
      const compiled = this.compile(expression, { types: [anyType] }).compiled;
      this.variables.set(name, compiled);
      this.#types.set(name, compiled.ok ? compiled.program.outputType : undefined);
    }
  }

  compile(
    expression: string,
    options: {
      readonly types: readonly CelType[];
      readonly authorizer?: boolean;
      readonly patches?: boolean;
    },
  ): NamedExpression {
    const { types, authorizer = true, patches = false } = options;
    const { admissionEnvironment, compileExpression } = celEngine();
    const environment = admissionEnvironment({
      params: this.#params,
      authorizer,
      patches,
      variables: new Map(this.#types),
    });
    return { expression, compiled: compileExpression(expression, environment, types) };
  }

  conditions(conditions: readonly MatchCondition[] | undefined): readonly NamedExpression[] {
    return (conditions ?? []).map(({ expression }) =>
      this.compile(expression, { types: [boolType] })
    );
  }
}

/**
 * Whether match conditions hold: the first that is false decides, errors count only if none is. Throws Error with all
 * that failed.
 */
export function conditionsHold(
  conditions: readonly NamedExpression[],
  input: EvaluationInput,
): boolean {
  const { namespace: _namespace, ...shown } = input;
  const evaluator = new Evaluator(shown, MATCH_CONDITIONS_BUDGET);
  const outcomes = conditions.map((condition) => evaluator.evaluate(condition));
  if (outcomes.some((outcome) => outcome.ok && outcome.value === false)) return false;
  const errors = outcomes.flatMap((outcome) => outcome.ok ? [] : [outcome.message]);
  if (errors.length > 0) throw new ConditionError(joinReasons(errors));
  return true;
}

/** Match conditions that cannot be judged. */
export class ConditionError extends Error {
  override readonly name = "ConditionError";
}
