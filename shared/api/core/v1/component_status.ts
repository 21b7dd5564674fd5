import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ComponentStatus } from "./types.gen.ts";

/** v1 ComponentStatus. */
export const componentStatus = defineKind<ComponentStatus>({
  group: "",
  version: "v1",
  kind: "ComponentStatus",
  plural: "componentstatuses",
  shortNames: ["cs"],
  scope: "Cluster",
  schema: schemaOf("v1", "ComponentStatus"),
  verbs: ["get", "list"],
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
