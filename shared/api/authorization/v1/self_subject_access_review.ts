import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateAttributes } from "../review_validation.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { SelfSubjectAccessReview } from "./types.gen.ts";

/** A SelfSubjectAccessReview asks whether the caller may do something. Answered at once, never stored. */
export const selfSubjectAccessReview = defineKind<SelfSubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  scope: "Cluster",
  schema: schemaOf("authorization.k8s.io/v1", "SelfSubjectAccessReview"),
  verbs: ["create"],
  columns: [nameColumn(), ageColumn()],
  strategy: {
    validate: (obj) => validateAttributes(obj.spec),
  },
});
