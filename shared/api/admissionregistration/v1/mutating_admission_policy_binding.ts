import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
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
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
