import { defineKind } from "../../kind.ts";
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { bindingColumns, validateParamRef, validatePolicyName } from "../policies.ts";
import { defaultMatchResources, validateMatchResources } from "../rules.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ValidatingAdmissionPolicyBinding } from "./types.gen.ts";

/** A ValidatingAdmissionPolicyBinding puts a ValidatingAdmissionPolicy in force and says what a violation does. */
export const validatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicyBinding",
  plural: "validatingadmissionpolicybindings",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"),
  columns: [nameColumn(), ...bindingColumns, ageColumn()],
  strategy: {
    requireResourceVersion: true,
    defaults: (obj) => defaultMatchResources(obj.spec?.matchResources),
    generationOf: (obj) => obj.spec,
    validate: (obj) => validateBinding(obj, "spec"),
  },
});

function validateBinding(
  { spec }: ValidatingAdmissionPolicyBinding,
  path: string,
): readonly FieldError[] {
  const match = spec?.matchResources;
  return [
    ...validatePolicyName(spec?.policyName, `${path}.policyName`),
    ...validateParamRef(spec?.paramRef, `${path}.paramRef`),
    ...match ? validateMatchResources(match, `${path}.matchResources`) : [],
    ...validateActions(spec?.validationActions ?? [], `${path}.validationActions`),
  ];
}

function validateActions(actions: readonly string[], path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const allowed = ["Audit", "Deny", "Warn"];
  actions.forEach((action, index) => {
    const at = `${path}[${index}]`;
    if (!allowed.includes(action)) errors.push(notSupported(at, action, allowed));
    if (actions.indexOf(action) < index) errors.push(duplicate(at, action));
  });
  if (actions.includes("Deny") && actions.includes("Warn")) {
    const detail =
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response " +
      "and headers serves no purpose)";
    errors.push(invalid(path, actions, detail));
  }
  if (actions.length === 0) errors.push(required(path));
  return errors;
}
