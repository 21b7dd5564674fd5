import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ResourceQuota } from "./types.gen.ts";

/** v1 ResourceQuota. */
export const resourceQuota = defineKind<ResourceQuota>({
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  shortNames: ["quota"],
  scope: "Namespaced",
  schema: schemaOf("v1", "ResourceQuota"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
