import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Secret } from "./types.gen.ts";

/** v1 Secret. */
export const secret = defineKind<Secret>({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  scope: "Namespaced",
  schema: schemaOf("v1", "Secret"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
