import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { CSIDriver } from "./types.gen.ts";

/** A CSIDriver says how the cluster must treat the volumes of a CSI driver. */
export const csiDriver = defineKind<CSIDriver>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIDriver",
  plural: "csidrivers",
  scope: "Cluster",
  schema: schemaOf("storage.k8s.io/v1", "CSIDriver"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
