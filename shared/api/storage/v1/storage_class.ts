import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { StorageClass } from "./types.gen.ts";

/** A StorageClass says how volumes of the class are provisioned. */
export const storageClass = defineKind<StorageClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  plural: "storageclasses",
  shortNames: ["sc"],
  scope: "Cluster",
  schema: schemaOf("storage.k8s.io/v1", "StorageClass"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
