import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Binding } from "./types.gen.ts";

/** v1 Binding. */
export const binding = defineKind<Binding>({
  group: "",
  version: "v1",
  kind: "Binding",
  plural: "bindings",
  scope: "Namespaced",
  schema: schemaOf("v1", "Binding"),
  verbs: ["create"],
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
