import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Pod } from "./types.gen.ts";

/** v1 Pod. */
export const pod = defineKind<Pod>({
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("v1", "Pod"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
