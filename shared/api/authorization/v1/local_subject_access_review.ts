import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateLocalReview } from "../review_validation.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { LocalSubjectAccessReview } from "./types.gen.ts";

/** A LocalSubjectAccessReview asks whether somebody may do something in one namespace. Answered at once, never stored. */
export const localSubjectAccessReview = defineKind<LocalSubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
  scope: "Namespaced",
  schema: schemaOf("authorization.k8s.io/v1", "LocalSubjectAccessReview"),
  verbs: ["create"],
  columns: [nameColumn(), ageColumn()],
  strategy: {
    validate: (obj) => validateLocalReview(obj.spec, obj.metadata.namespace),
  },
});
