import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { FlowSchema } from "./types.gen.ts";

/** A FlowSchema sorts requests to the API server into a priority level. */
export const flowSchema = defineKind<FlowSchema>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "FlowSchema",
  plural: "flowschemas",
  scope: "Cluster",
  schema: schemaOf("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
