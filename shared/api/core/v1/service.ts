import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Service } from "./types.gen.ts";

/** v1 Service. */
export const service = defineKind<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("v1", "Service"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
