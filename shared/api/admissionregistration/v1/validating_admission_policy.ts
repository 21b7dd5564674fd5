import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ValidatingAdmissionPolicy } from "./types.gen.ts";

/** A ValidatingAdmissionPolicy refuses requests by CEL expressions that the server evaluates itself. */
export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
