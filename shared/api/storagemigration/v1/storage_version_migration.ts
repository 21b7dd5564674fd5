import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { StorageVersionMigration } from "./types.gen.ts";

/** A StorageVersionMigration asks for all objects of a resource to be rewritten in the current storage version. */
export const storageVersionMigration = defineKind<StorageVersionMigration>({
  group: "storagemigration.k8s.io",
  version: "v1",
  kind: "StorageVersionMigration",
  plural: "storageversionmigrations",
  scope: "Cluster",
  schema: schemaOf("storagemigration.k8s.io/v1", "StorageVersionMigration"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
