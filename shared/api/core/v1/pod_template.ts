import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { PodTemplate } from "./types.gen.ts";

/** v1 PodTemplate. */
export const podTemplate = defineKind<PodTemplate>({
  group: "",
  version: "v1",
  kind: "PodTemplate",
  plural: "podtemplates",
  scope: "Namespaced",
  schema: schemaOf("v1", "PodTemplate"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
