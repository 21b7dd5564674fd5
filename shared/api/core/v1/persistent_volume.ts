import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { PersistentVolume } from "./types.gen.ts";

/** v1 PersistentVolume. */
export const persistentVolume = defineKind<PersistentVolume>({
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  scope: "Cluster",
  schema: schemaOf("v1", "PersistentVolume"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
