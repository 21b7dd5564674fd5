import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { MutatingAdmissionPolicy } from "./types.gen.ts";

/** A MutatingAdmissionPolicy changes objects on their way in, by CEL expressions that the server evaluates itself. */
export const mutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingAdmissionPolicy",
  plural: "mutatingadmissionpolicies",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
