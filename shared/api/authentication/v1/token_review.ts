import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { TokenReview } from "./types.gen.ts";

/** A TokenReview asks whom a bearer token belongs to. Answered at once, never stored. */
export const tokenReview = defineKind<TokenReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenReview",
  plural: "tokenreviews",
  scope: "Cluster",
  schema: schemaOf("authentication.k8s.io/v1", "TokenReview"),
  verbs: ["create"],
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
