import { check, type Checked } from "./checker/check.ts";
import { validateLiterals } from "./checker/validate_literals.ts";
import type { CostRange } from "./cost/cost_range.ts";
import { estimateCost } from "./cost/estimate.ts";
import type { SizeEstimator } from "./cost/size_estimator.ts";
import type { Environment } from "./environment.ts";
import { CostTracker, rootFrame } from "./interpreter/frame.ts";
import { type Plan, PlanError, planExpression } from "./interpreter/plan.ts";
import { PER_CALL_LIMIT } from "./limits.ts";
import { parse } from "./parser/parse.ts";
import type { Activation, Compilation, EvaluateOptions, Evaluation, Program } from "./program.ts";
import type { CelType } from "./types/cel_type.ts";
import { CostExceeded, withWorkLimit } from "./values/work.ts";
import { isError } from "./values/value.ts";

export interface CompileOptions {
  /** Sizes of what variables hold, for the estimate of the cost. */
  readonly sizes?: SizeEstimator;
}

/**
 * Parses and checks an expression and makes it a program. Bounded in time by the length of the expression; never throws
 * for what the expression is.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { kubernetesEnvironment } from "./library/kubernetes.ts";
 *
 * const compiled = compile("[1, 2, 3].exists(n, n > 2)", kubernetesEnvironment);
 * assert.ok(compiled.ok);
 * const result = compiled.program.evaluate({ resolve: () => undefined });
 * assert.ok(result.ok && result.value === true);
 * ```
 */
export function compile(
  expression: string,
  environment: Environment,
  options: CompileOptions = {},
): Compilation {
  const { expr, issues } = parse(expression, environment.macros);
  if (!expr) return { ok: false, stage: "compilation", issues: issues.toString() };
  const checked = check(expr, environment, issues);
  if (issues.count === 0) validateLiterals(checked, issues);
  if (issues.count > 0) return { ok: false, stage: "compilation", issues: issues.toString() };
  try {
    const plan = planExpression(checked, environment);
    return { ok: true, program: new PlannedProgram(expression, { checked, plan, options }) };
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    return { ok: false, stage: "program instantiation", issues: error.message };
  }
}

class PlannedProgram implements Program {
  readonly expression: string;
  readonly outputType: CelType;
  readonly variables: ReadonlySet<string>;
  readonly #plan: Plan;
  readonly #checked: Checked;
  readonly #sizes: SizeEstimator | undefined;
  #cost: CostRange | undefined;

  constructor(
    expression: string,
    parts: { readonly checked: Checked; readonly plan: Plan; readonly options: CompileOptions },
  ) {
    const { checked, plan, options } = parts;
    this.expression = expression;
    this.#plan = plan;
    this.#checked = checked;
    this.#sizes = options.sizes;
    this.outputType = checked.types.get(checked.expr.id)!;
    const names = [...checked.references.values()].flatMap(({ ident }) => ident?.name ?? []);
    this.variables = new Set(names);
  }

  get cost(): CostRange {
    return this.#cost ??= estimateCost(this.#checked, this.#sizes);
  }

  evaluate(activation: Activation, options: EvaluateOptions = {}): Evaluation {
    const limit = Math.min(options.costLimit ?? PER_CALL_LIMIT, PER_CALL_LIMIT);
    const tracker = new CostTracker(limit);
    try {
      const value = withWorkLimit(() => this.#plan.evaluate(rootFrame(activation, tracker)));
      const { cost } = tracker;
      if (isError(value)) return { ok: false, message: value.message, overBudget: false, cost };
      return { ok: true, value, cost };
    } catch (error) {
      if (!(error instanceof CostExceeded)) throw error;
      return { ok: false, message: error.message, overBudget: true, cost: tracker.cost };
    }
  }
}
