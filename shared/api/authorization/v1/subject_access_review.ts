import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateReviewOfOthers } from "../review_validation.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { SubjectAccessReview } from "./types.gen.ts";

/** A SubjectAccessReview asks whether somebody may do something. Answered at once, never stored. */
export const subjectAccessReview = defineKind<SubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  scope: "Cluster",
  schema: schemaOf("authorization.k8s.io/v1", "SubjectAccessReview"),
  verbs: ["create"],
  columns: [nameColumn(), ageColumn()],
  strategy: {
    validate: (obj) => validateReviewOfOthers(obj.spec),
  },
});
