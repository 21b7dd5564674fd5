import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { SelfSubjectRulesReview } from "./types.gen.ts";

/** A SelfSubjectRulesReview lists what the caller may do in a namespace. Answered at once, never stored. */
export const selfSubjectRulesReview = defineKind<SelfSubjectRulesReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
  scope: "Cluster",
  schema: schemaOf("authorization.k8s.io/v1", "SelfSubjectRulesReview"),
  verbs: ["create"],
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
