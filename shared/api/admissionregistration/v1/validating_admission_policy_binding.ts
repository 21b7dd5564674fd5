import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
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
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
