import { defineKind } from "../../kind.ts";
import type { FieldError } from "../../../meta/field_error.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import {
  bindingColumns,
  mutatingOperations,
  validateOperations,
  validateParamRef,
  validatePolicyName,
} from "../policies.ts";
import { defaultMatchResources, validateMatchResources } from "../rules.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { MutatingAdmissionPolicyBinding } from "./types.gen.ts";

/** A MutatingAdmissionPolicyBinding puts a MutatingAdmissionPolicy in force, with its parameters and a narrower match. */
export const mutatingAdmissionPolicyBinding = defineKind<MutatingAdmissionPolicyBinding>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingAdmissionPolicyBinding",
  plural: "mutatingadmissionpolicybindings",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding"),
  columns: [nameColumn(), ...bindingColumns, ageColumn()],
  strategy: {
    requireResourceVersion: true,
    defaults: (obj) => defaultMatchResources(obj.spec?.matchResources),
    generationOf: (obj) => obj.spec,
    validate: (obj) => validateBinding(obj, "spec"),
  },
});

function validateBinding(
  { spec }: MutatingAdmissionPolicyBinding,
  path: string,
): readonly FieldError[] {
  const match = spec?.matchResources;
  return [
    ...validatePolicyName(spec?.policyName, `${path}.policyName`),
    ...validateParamRef(spec?.paramRef, `${path}.paramRef`),
    ...match ? validateMatchResources(match, `${path}.matchResources`) : [],
    ...match ? validateOperations(match, `${path}.matchResources`, mutatingOperations) : [],
  ];
}
