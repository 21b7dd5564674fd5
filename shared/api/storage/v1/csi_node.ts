import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { CSINode } from "./types.gen.ts";

/** A CSINode lists the CSI drivers that run on the node of the same name. */
export const csiNode = defineKind<CSINode>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSINode",
  plural: "csinodes",
  scope: "Cluster",
  schema: schemaOf("storage.k8s.io/v1", "CSINode"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
