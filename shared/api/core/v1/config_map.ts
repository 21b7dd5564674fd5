import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ConfigMap } from "./types.gen.ts";

/** v1 ConfigMap. */
export const configMap = defineKind<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  scope: "Namespaced",
  schema: schemaOf("v1", "ConfigMap"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
