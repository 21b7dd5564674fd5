import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { createdAtColumn, nameColumn } from "../../table_columns.ts";
import type { Binding } from "./types.gen.ts";

/** Assigns a pod to a node; can only be created. */
export const binding = defineKind<Binding>({
  group: "",
  version: "v1",
  kind: "Binding",
  plural: "bindings",
  scope: "Namespaced",
  schema: schemaOf("v1", "Binding"),
  verbs: ["create"],
  columns: [nameColumn(), createdAtColumn()],
  strategy: {},
});
