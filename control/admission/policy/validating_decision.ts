import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  Validation,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import { MAX_MESSAGE_BYTES, RUNTIME_COST_BUDGET } from "../../../shared/cel/limits.ts";
import { boolType, nullType, stringType } from "../../../shared/cel/types/cel_type.ts";
import { ConditionError, conditionsHold, PolicyCompiler } from "./compiled_policy.ts";
import {
  type EvaluationInput,
  Evaluator,
  type NamedExpression,
  OutOfBudget,
} from "./evaluation.ts";

/** What one expression of a policy says about a request. */
export interface PolicyDecision {
  readonly denied: boolean;
  readonly message: string;
  /** Empty: Invalid. */
  readonly reason: string;
}

/** What a policy says about a request: a decision for each validation, and what is to be noted in the audit log. */
export interface PolicyVerdict {
  readonly decisions: readonly PolicyDecision[];
  readonly annotations: readonly (
    | { readonly key: string; readonly value: string }
    | { readonly key: string; readonly error: string }
  )[];
}

interface CompiledPolicy {
  readonly compiler: PolicyCompiler;
  readonly conditions: readonly NamedExpression[];
  readonly validations: readonly {
    readonly validation: Validation;
    readonly expression: NamedExpression;
    readonly message: NamedExpression | undefined;
  }[];
  readonly annotations: readonly {
    readonly key: string;
    readonly expression: NamedExpression;
  }[];
}

const compiledPolicies = new WeakMap<ValidatingAdmissionPolicy, CompiledPolicy>();

/** A policy's expressions, compiled once for each version of the object. */
function compiledOf(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const known = compiledPolicies.get(policy);
  if (known) return known;
  const { spec = {} } = policy;
  const compiler = new PolicyCompiler(spec);
  const compiled = {
    compiler,
    conditions: compiler.conditions(spec.matchConditions),
    validations: (spec.validations ?? []).map((validation) => ({
      validation,
      expression: compiler.compile(validation.expression, { types: [boolType] }),
      message: validation.messageExpression
        ? compiler.compile(validation.messageExpression, { types: [stringType], authorizer: false })
        : undefined,
    })),
    annotations: (spec.auditAnnotations ?? []).map((annotation: AuditAnnotation) => ({
      key: annotation.key,
      expression: compiler.compile(annotation.valueExpression, { types: [stringType, nullType] }),
    })),
  };
  compiledPolicies.set(policy, compiled);
  return compiled;
}

/** Judges a request by a policy. `input` is without the variables, which are the policy's. */
export function judge(policy: ValidatingAdmissionPolicy, input: EvaluationInput): PolicyVerdict {
  const compiled = compiledOf(policy);
  const ignores = policy.spec?.failurePolicy === "Ignore";
  const failed = (message: string): PolicyDecision => ({ denied: !ignores, message, reason: "" });
  const full = { ...input, variables: compiled.compiler.variables };
  try {
    if (compiled.conditions.length > 0 && !matches(compiled.conditions, full, ignores)) {
      return { decisions: [], annotations: [] };
    }
    const decisions = validate(compiled, full, failed);
    return { decisions, annotations: annotate(compiled, full, ignores) };
  } catch (error) {
    if (!(error instanceof OutOfBudget) && !(error instanceof ConditionError)) throw error;
    return { decisions: [failed(error.message)], annotations: [] };
  }
}

/** A condition that fails lets a policy that ignores failures pass over the request. */
function matches(
  conditions: readonly NamedExpression[],
  input: EvaluationInput,
  ignores: boolean,
): boolean {
  try {
    return conditionsHold(conditions, input);
  } catch (error) {
    const expected = error instanceof ConditionError || error instanceof OutOfBudget;
    if (!expected || !ignores) throw error;
    return false;
  }
}

function validate(
  { validations }: CompiledPolicy,
  input: EvaluationInput,
  failed: (message: string) => PolicyDecision,
): readonly PolicyDecision[] {
  const evaluator = new Evaluator(input, RUNTIME_COST_BUDGET);
  const outcomes = validations.map(({ expression }) => evaluator.evaluate(expression));
  const messages = messagesOf(validations, input, evaluator.budget);
  return validations.map(({ validation }, index) => {
    const outcome = outcomes[index]!;
    if (!outcome.ok) return failed(outcome.message);
    if (messages instanceof OutOfBudget) {
      return failed(`failed messageExpression: ${messages.message}`);
    }
    if (outcome.value === true) return { denied: false, message: "", reason: "" };
    const message = messages[index] || validation.message?.trim() ||
      `failed expression: ${validation.expression.trim()}`;
    return { denied: true, message, reason: validation.reason ?? "" };
  });
}

/** What the message expressions come to; empty where there is none of use. They cannot ask the authorizer. */
function messagesOf(
  validations: CompiledPolicy["validations"],
  input: EvaluationInput,
  budget: number,
): readonly string[] | OutOfBudget {
  const { decisions: _decisions, ...shown } = input;
  const evaluator = new Evaluator(shown, budget);
  try {
    return validations.map(({ message }) => {
      const outcome = message && evaluator.evaluate(message);
      if (!outcome?.ok || typeof outcome.value !== "string") return "";
      const text = outcome.value.trim();
      const long = new TextEncoder().encode(text).length > MAX_MESSAGE_BYTES;
      return long || text.includes("\n") ? "" : text;
    });
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return error;
  }
}

function annotate(
  { annotations }: CompiledPolicy,
  input: EvaluationInput,
  ignores: boolean,
): PolicyVerdict["annotations"] {
  const { decisions: _decisions, ...shown } = input;
  const evaluator = new Evaluator(shown, RUNTIME_COST_BUDGET);
  return annotations.flatMap(({ key, expression }): PolicyVerdict["annotations"] => {
    const outcome = evaluator.evaluate(expression);
    if (!outcome.ok) return ignores ? [] : [{ key, error: outcome.message }];
    const value = typeof outcome.value === "string" ? outcome.value.trim() : "";
    return value === "" ? [] : [{ key, value }];
  });
}
