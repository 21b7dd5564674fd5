import { defineKind } from "../../kind.ts";
import { applyConfigurationType, jsonPatchType } from "../../../cel/admission/patch_types.ts";
import { listType } from "../../../cel/types/cel_type.ts";
import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { PolicyScope } from "../expressions.ts";
import { mutatingOperations, paramKindColumn, validatePolicySpec } from "../policies.ts";
import { defaultMatchResources, validateOption } from "../rules.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicySpec,
  Mutation,
} from "./types.gen.ts";

/** A MutatingAdmissionPolicy changes objects on their way in, by CEL expressions that the server evaluates itself. */
export const mutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  usesExpressions: true,
  kind: "MutatingAdmissionPolicy",
  plural: "mutatingadmissionpolicies",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy"),
  columns: [
    nameColumn(),
    {
      name: "Mutations",
      type: "integer",
      cell: (obj) => obj.spec?.mutations?.length ?? 0,
    },
    paramKindColumn,
    ageColumn(),
  ],
  strategy: {
    requireResourceVersion: true,
    defaults: (obj) => {
      const spec = obj.spec ??= {};
      spec.failurePolicy ??= "Fail";
      defaultMatchResources(spec.matchConstraints);
    },
    generationOf: (obj) => obj.spec,
    validate: (obj) => validatePolicy(obj.spec ?? {}, "spec"),
  },
});

function validatePolicy(spec: MutatingAdmissionPolicySpec, path: string): readonly FieldError[] {
  const scope = new PolicyScope(spec, { composed: true });
  const errors = [...validatePolicySpec(spec, path, { scope, operations: mutatingOperations })];
  if (!spec.mutations?.length) {
    errors.push(required(`${path}.mutations`, "mutations must contain at least one item"));
  }
  spec.mutations?.forEach((mutation, index) => {
    validateMutation(mutation, `${path}.mutations[${index}]`, { errors, scope });
  });
  const policies = ["IfNeeded", "Never"];
  errors.push(...validateOption(spec.reinvocationPolicy, `${path}.reinvocationPolicy`, policies));
  return errors;
}

function validateMutation(
  mutation: Mutation,
  path: string,
  { errors, scope }: { readonly errors: FieldError[]; readonly scope: PolicyScope },
): void {
  const { patchType } = mutation;
  errors.push(
    ...validateOption(patchType, `${path}.patchType`, ["ApplyConfiguration", "JSONPatch"]),
  );
  const field = patchType === "ApplyConfiguration"
    ? "applyConfiguration"
    : patchType === "JSONPatch"
    ? "jsonPatch"
    : undefined;
  if (!field) return;
  const patch = mutation[field];
  if (!patch) {
    errors.push(required(`${path}.${field}`, `must be specified when patchType is ${patchType}`));
  } else {
    const type = field === "jsonPatch" ? listType(jsonPatchType) : applyConfigurationType;
    const at = `${path}.${field}.expression`;
    const expression = patch.expression?.trim();
    if (!expression) errors.push(required(at));
    else errors.push(...scope.check(expression, at, { types: [type], patches: true }));
  }
  const other = field === "jsonPatch" ? "applyConfiguration" : "jsonPatch";
  if (mutation[other]) {
    const detail = `must not be specified when patchType is ${patchType}`;
    errors.push(invalid(`${path}.${other}`, `{${other}}`, detail));
  }
}
