import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { CSIStorageCapacity } from "./types.gen.ts";

/** A CSIStorageCapacity says how much a storage class can still provide in a part of the cluster. */
export const csiStorageCapacity = defineKind<CSIStorageCapacity>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  scope: "Namespaced",
  schema: schemaOf("storage.k8s.io/v1", "CSIStorageCapacity"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
