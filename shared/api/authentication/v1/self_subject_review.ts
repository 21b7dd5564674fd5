import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { SelfSubjectReview } from "./types.gen.ts";

/** A SelfSubjectReview asks who the caller is. Answered at once, never stored. */
export const selfSubjectReview = defineKind<SelfSubjectReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  scope: "Cluster",
  schema: schemaOf("authentication.k8s.io/v1", "SelfSubjectReview"),
  verbs: ["create"],
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
