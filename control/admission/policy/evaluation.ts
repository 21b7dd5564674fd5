import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { CompiledExpression } from "../../../shared/cel/admission/compile_expression.ts";
import type { Activation } from "../../../shared/cel/program.ts";
import { jsonValue } from "../../../shared/cel/values/json_value.ts";
import { CelError, type CelValue, type MapValue } from "../../../shared/cel/values/value.ts";
import { structType } from "../../../shared/cel/types/cel_type.ts";
import { admissionReview, type VersionedRequest } from "../webhook/admission_review.ts";
import type { Decisions } from "./decisions.ts";

/** The expressions of a policy cost more than they may together. */
export class OutOfBudget extends Error {
  override readonly name = "OutOfBudget";
  constructor() {
    super(
      "validation failed due to running out of cost budget, no further validation rules will be run",
    );
  }
}

/** What the expressions about one request may read. */
export interface EvaluationInput {
  readonly request: VersionedRequest;
  /** Absent: a policy without parameters; null: parameters that nobody named. */
  readonly params?: KubeObject | null;
  readonly namespace?: Namespace | undefined;
  /** Absent for expressions that may not ask. */
  readonly decisions?: Decisions;
  readonly variables?: ReadonlyMap<string, CompiledExpression>;
}

/** A compiled expression with its text as it is written. */
export interface NamedExpression {
  readonly expression: string;
  readonly compiled: CompiledExpression;
}

/** The value of an expression, or why it has none. */
export type Outcome =
  | { readonly ok: true; readonly value: CelValue }
  | { readonly ok: false; readonly message: string };

/** Evaluates the expressions of one policy about one request, within a budget. */
export class Evaluator {
  readonly #activation: Activation;
  readonly #composed: ComposedVariables;
  /** What may still be spent. */
  budget: number;

  constructor(input: EvaluationInput, budget: number) {
    this.budget = budget;
    this.#composed = new ComposedVariables(input.variables ?? new Map());
    this.#activation = activationOf(input, this.#composed);
    this.#composed.activation = this.#activation;
  }

  /** Throws OutOfBudget. */
  evaluate({ expression, compiled }: NamedExpression): Outcome {
    if (!compiled.ok) return { ok: false, message: `compilation error: ${compiled.message}` };
    const result = compiled.program.evaluate(this.#activation);
    this.#spend(this.#composed.takeCost());
    this.#spend(result.cost);
    if (result.ok) return result;
    const message = `expression '${expression}' resulted in error: ${result.message}`;
    return { ok: false, message };
  }

  #spend(cost: number): void {
    if (cost > this.budget) throw new OutOfBudget();
    this.budget -= cost;
  }
}

/** `variables`: each is computed when it is first asked for. */
class ComposedVariables implements MapValue {
  readonly sort = "object";
  readonly type = structType("kubernetes.variables");
  readonly size: number;
  readonly #compiled: ReadonlyMap<string, CompiledExpression>;
  readonly #values = new Map<string, CelValue>();
  #cost = 0;
  activation: Activation = { resolve: () => undefined };

  constructor(compiled: ReadonlyMap<string, CompiledExpression>) {
    this.#compiled = compiled;
    this.size = compiled.size;
  }

  get(key: CelValue): CelValue | undefined {
    const compiled = typeof key === "string" ? this.#compiled.get(key) : undefined;
    if (!compiled) return undefined;
    const name = key as string;
    let value = this.#values.get(name);
    if (value === undefined) this.#values.set(name, value = this.#compute(name, compiled));
    return value;
  }

  keys(): Iterable<CelValue> {
    return this.#compiled.keys();
  }

  /** What was spent since it was last asked. */
  takeCost(): number {
    const cost = this.#cost;
    this.#cost = 0;
    return cost;
  }

  #compute(name: string, compiled: CompiledExpression): CelValue {
    const what = `composited variable ${JSON.stringify(name)} fails to`;
    if (!compiled.ok) return new CelError(`${what} compile: ${compiled.message}`);
    const result = compiled.program.evaluate(this.activation);
    this.#cost += result.cost;
    return result.ok ? result.value : new CelError(`${what} evaluate: ${result.message}`);
  }
}

function activationOf(input: EvaluationInput, variables: ComposedVariables): Activation {
  const { request, params, namespace, decisions } = input;
  const { attributes } = request;
  const known = new Map<string, () => CelValue | undefined>([
    ["object", () => jsonValue(request.object)],
    ["oldObject", () => jsonValue(request.oldObject)],
    ["params", () => params === undefined ? undefined : jsonValue(params)],
    ["request", () => jsonValue(describeRequest(request))],
    ["namespaceObject", () => jsonValue(namespace && describeNamespace(namespace))],
    ["authorizer", () => decisions?.value],
    ["authorizer.requestResource", () => decisions?.requestResource(attributes)],
    ["variables", () => variables],
  ]);
  const values = new Map<string, CelValue | undefined>();
  return {
    resolve(name) {
      if (!values.has(name)) values.set(name, known.get(name)?.());
      return values.get(name);
    },
  };
}

/** The variable `request`: what a webhook would be told, without the objects. */
function describeRequest(request: VersionedRequest): unknown {
  const { request: { uid: _uid, object: _object, oldObject: _oldObject, ...rest } } =
    admissionReview(request, { uid: "", version: "v1" });
  return { ...rest, userInfo: { ...rest.userInfo } };
}

/** The variable `namespaceObject`: owners and managers of the namespace are nobody's business. */
function describeNamespace({ metadata, spec, status }: Namespace): unknown {
  const { managedFields: _managed, ownerReferences: _owners, ...shown } = metadata;
  return { metadata: shown, spec, status };
}
