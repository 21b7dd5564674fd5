import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ResourceSlice } from "./types.gen.ts";

/** A ResourceSlice lists devices that a driver offers on a node. */
export const resourceSlice = defineKind<ResourceSlice>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceSlice",
  plural: "resourceslices",
  scope: "Cluster",
  returnsDeletedObject: true,
  schema: schemaOf("resource.k8s.io/v1", "ResourceSlice"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
