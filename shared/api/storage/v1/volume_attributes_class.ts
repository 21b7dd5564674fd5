import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { VolumeAttributesClass } from "./types.gen.ts";

/** A VolumeAttributesClass is a set of driver parameters that a volume may be switched to while it lives. */
export const volumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttributesClass",
  plural: "volumeattributesclasses",
  shortNames: ["vac"],
  scope: "Cluster",
  schema: schemaOf("storage.k8s.io/v1", "VolumeAttributesClass"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
