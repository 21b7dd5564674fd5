import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { PersistentVolumeClaim } from "./types.gen.ts";

/** v1 PersistentVolumeClaim. */
export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  scope: "Namespaced",
  schema: schemaOf("v1", "PersistentVolumeClaim"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
