import type {
  MutatingAdmissionPolicy,
  Mutation,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KindDefinition, KubeObject } from "../../../shared/api/kind.ts";
import {
  applyConfigurationType,
  jsonPatchType,
  typeNameErrors,
} from "../../../shared/cel/admission/patch_types.ts";
import { RUNTIME_COST_BUDGET } from "../../../shared/cel/limits.ts";
import { listType } from "../../../shared/cel/types/cel_type.ts";
import { elementsOf } from "../../../shared/cel/values/collections.ts";
import { JsonOutputError, toJson } from "../../../shared/cel/values/json_output.ts";
import { type CelValue, isList, isMap, type MapValue } from "../../../shared/cel/values/value.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { applyJsonPatch, type JsonPatchOperation } from "../../../shared/patch/json_patch.ts";
import { decodeObject } from "../../../shared/schema/decode.ts";
import { DecodeError } from "../../../shared/schema/decode_error.ts";
import { schemaOf, type StructNode } from "../../../shared/schema/schema.ts";
import { mergeObjects } from "../../registry/apply/merge.ts";
import { typeErrors } from "../../registry/apply/typed_validation.ts";
import { isOf } from "../webhook/versioned_object.ts";
import { internalError } from "../webhook/webhook_call.ts";
import { atomicPaths } from "./atomic_paths.ts";
import { PolicyCompiler } from "./compiled_policy.ts";
import {
  type EvaluationInput,
  Evaluator,
  type NamedExpression,
  OutOfBudget,
} from "./evaluation.ts";

/** A mutation that cannot be carried out. What that means is for the policy's failurePolicy. */
export class MutationError extends Error {
  override readonly name = "MutationError";
}

interface CompiledMutation {
  readonly type: "ApplyConfiguration" | "JSONPatch";
  readonly expression: NamedExpression;
}

/** The expressions of a mutating policy. */
export interface CompiledMutations {
  readonly compiler: PolicyCompiler;
  readonly conditions: readonly NamedExpression[];
  readonly mutations: readonly CompiledMutation[];
}

const compiledPolicies = new WeakMap<MutatingAdmissionPolicy, CompiledMutations>();

/** A policy's expressions, compiled once for each version of the object. */
export function mutationsOf(policy: MutatingAdmissionPolicy): CompiledMutations {
  const known = compiledPolicies.get(policy);
  if (known) return known;
  const { spec = {} } = policy;
  const compiler = new PolicyCompiler(spec);
  const compiled = {
    compiler,
    conditions: compiler.conditions(spec.matchConditions),
    mutations: (spec.mutations ?? []).flatMap((mutation) => compileMutation(compiler, mutation)),
  };
  compiledPolicies.set(policy, compiled);
  return compiled;
}

function compileMutation(
  compiler: PolicyCompiler,
  mutation: Mutation,
): readonly CompiledMutation[] {
  const { patchType, jsonPatch, applyConfiguration } = mutation;
  const asked = patchType === "JSONPatch" ? jsonPatch : applyConfiguration;
  if (!asked) return [];
  const type = patchType === "JSONPatch" ? listType(jsonPatchType) : applyConfigurationType;
  const expression = compiler.compile(asked.expression ?? "", { types: [type], patches: true });
  return [{ type: patchType === "JSONPatch" ? "JSONPatch" : "ApplyConfiguration", expression }];
}

/** What a mutation is about to change. */
export interface MutationTarget {
  readonly object: KubeObject;
  readonly kind: KindDefinition;
}

/** An expression's value, ready to be applied; the evaluation may be repeated, applying it may not. */
export function evaluateMutation(
  { expression }: CompiledMutation,
  input: EvaluationInput,
): CelValue {
  if (!expression.compiled.ok) throw new MutationError(expression.compiled.message);
  try {
    const outcome = new Evaluator(input, RUNTIME_COST_BUDGET).evaluate(expression);
    if (outcome.ok) return outcome.value;
    throw new MutationError(outcome.message);
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    throw new MutationError(error.message);
  }
}

/** The object as a mutation makes it. Throws MutationError; StatusError for what can be no such object. */
export function applyMutation(
  { type }: CompiledMutation,
  value: CelValue,
  target: MutationTarget,
): KubeObject {
  const { object, kind } = target;
  const schema = isOf(kind, object) ? kind.schema : schemaOf(object.apiVersion, object.kind);
  const changed = type === "JSONPatch" ? patched(value, object) : configured(value, object, schema);
  const decoded = decode(schema, changed);
  if (isOf(kind, decoded)) kind.strategy.defaults?.(decoded);
  return decoded;
}

function decode(schema: StructNode, changed: unknown): KubeObject {
  try {
    return decodeObject(schema, changed, { strict: false }).object;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw internalError(error.message, error);
  }
}

function patched(value: CelValue, object: KubeObject): unknown {
  if (!isList(value)) {
    throw new MutationError("type mismatch: JSONPatchType.expression should evaluate to array");
  }
  const operations = elementsOf(value).map(operationOf);
  try {
    return applyJsonPatch(object, operations);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const { message } = (error.cause ?? error) as Error;
    // A test that fails says that there is nothing to do.
    if (/test failed$/.test(message)) return object;
    throw new MutationError(`JSON Patch: ${message}`);
  }
}

function operationOf(value: CelValue): JsonPatchOperation {
  if (!isMap(value)) {
    throw new MutationError(
      "type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch",
    );
  }
  const text = (field: string) => {
    const found = value.get(field);
    return typeof found === "string" && found !== "" ? found : undefined;
  };
  const given = value.get("value");
  if (given !== undefined && isObjectValue(given)) checkNames(given);
  return {
    op: text("op") ?? "",
    path: text("path") ?? "",
    from: text("from"),
    value: given === undefined ? undefined : jsonOf(given),
  };
}

function jsonOf(value: CelValue): unknown {
  try {
    return toJson(value);
  } catch (error) {
    if (!(error instanceof JsonOutputError)) throw error;
    const why = "JSONPath valueExpression evaluated to a type that could not marshal to JSON";
    throw new MutationError(`${why}: ${error.message}`);
  }
}

function configured(value: CelValue, object: KubeObject, schema: StructNode): unknown {
  if (!isObjectValue(value)) {
    throw new MutationError("unsupported return type from ApplyConfiguration expression");
  }
  checkNames(value);
  const { apiVersion, kind } = object;
  const applied = { ...jsonOf(value) as Record<string, unknown>, apiVersion, kind };
  const fail = (why: string) => new MutationError(`error applying patch: ${why}`);
  const wrong = typeErrors(applied, schema);
  if (wrong) throw fail(`failed to convert patch object to typed object: ${wrong}`);
  const atomics = atomicPaths(applied, schema);
  if (atomics.length > 0) {
    const what = `may not mutate atomic arrays, maps or structs: ${atomics.join(", ")}`;
    throw fail(`invalid ApplyConfiguration: ${what}`);
  }
  return mergeObjects(object, applied, schema);
}

function isObjectValue(value: CelValue): value is MapValue {
  return isMap(value) && value.sort === "object";
}

function checkNames(value: CelValue): void {
  const errors = typeNameErrors(value);
  if (errors.length > 0) throw new MutationError(`type mismatch: ${errors.join("\n")}`);
}
