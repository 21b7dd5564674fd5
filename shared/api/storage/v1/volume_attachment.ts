import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { VolumeAttachment } from "./types.gen.ts";

/** A VolumeAttachment asks for a volume to be attached to a node, and reports whether it is. */
export const volumeAttachment = defineKind<VolumeAttachment>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  scope: "Cluster",
  schema: schemaOf("storage.k8s.io/v1", "VolumeAttachment"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
