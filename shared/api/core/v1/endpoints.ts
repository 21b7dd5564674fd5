import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Endpoints } from "./types.gen.ts";

/** v1 Endpoints. */
export const endpoints = defineKind<Endpoints>({
  group: "",
  version: "v1",
  kind: "Endpoints",
  plural: "endpoints",
  shortNames: ["ep"],
  scope: "Namespaced",
  schema: schemaOf("v1", "Endpoints"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
