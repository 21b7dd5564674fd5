import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { LimitRange } from "./types.gen.ts";

/** v1 LimitRange. */
export const limitRange = defineKind<LimitRange>({
  group: "",
  version: "v1",
  kind: "LimitRange",
  plural: "limitranges",
  shortNames: ["limits"],
  scope: "Namespaced",
  schema: schemaOf("v1", "LimitRange"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
