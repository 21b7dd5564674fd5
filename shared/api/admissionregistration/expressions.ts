import type { AdmissionVariables } from "../../cel/admission/admission_environment.ts";
import { celEngine } from "../../cel/loading.ts";
import type { CelType } from "../../cel/types/cel_type.ts";
import { anyType } from "../../cel/types/cel_type.ts";
import { type FieldError, internal, invalid } from "../../meta/field_error.ts";

/** What an expression must come to, and what it may read besides what all may. */
export interface ExpressionOptions extends AdmissionVariables {
  readonly types: readonly CelType[];
  /** What the cause shows, if not the expression. */
  readonly shown?: string;
}

/** What is wrong with an expression of a policy or webhook. Authorization may be asked about unless it is ruled out. */
export function checkExpression(
  expression: string,
  path: string,
  { types, shown = expression, ...variables }: ExpressionOptions,
): readonly FieldError[] {
  const { admissionEnvironment, compileExpression } = celEngine();
  const environment = admissionEnvironment({ authorizer: true, ...variables });
  const compiled = compileExpression(expression, environment, types);
  if (compiled.ok) return [];
  if (compiled.internal) return [internal(path, compiled.message)];
  return [invalid(path, shown, compiled.message)];
}

/** What the expressions of one policy have in common: whether there are parameters, and the variables so far. */
export class PolicyScope {
  readonly params: boolean;
  readonly #variables = new Map<string, CelType | undefined>();
  readonly #composed: boolean;

  constructor(
    { paramKind, variables = [] }: {
      readonly paramKind?: unknown;
      readonly variables?: readonly unknown[] | undefined;
    },
    { composed = variables.length > 0 }: { readonly composed?: boolean } = {},
  ) {
    this.params = paramKind !== undefined;
    this.#composed = composed;
  }

  /** Checks an expression of the policy. */
  check(expression: string, path: string, options: ExpressionOptions): readonly FieldError[] {
    return checkExpression(expression, path, {
      params: this.params,
      ...(this.#composed && { variables: this.#variables }),
      ...options,
    });
  }

  /** Checks a variable and makes it known to what is checked after it. */
  declare(name: string, expression: string, path: string): readonly FieldError[] {
    const { admissionEnvironment, compileExpression } = celEngine();
    const environment = admissionEnvironment({
      params: this.params,
      authorizer: true,
      variables: this.#variables,
    });
    const compiled = compileExpression(expression, environment, [anyType]);
    this.#variables.set(name, compiled.ok ? compiled.program.outputType : undefined);
    if (compiled.ok) return [];
    return [
      compiled.internal
        ? internal(path, compiled.message)
        : invalid(path, expression, compiled.message),
    ];
  }
}
