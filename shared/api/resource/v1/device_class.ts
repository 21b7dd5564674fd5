import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { DeviceClass } from "./types.gen.ts";

/** A DeviceClass is a kind of device that a ResourceClaim may ask for. */
export const deviceClass = defineKind<DeviceClass>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "DeviceClass",
  plural: "deviceclasses",
  scope: "Cluster",
  returnsDeletedObject: true,
  schema: schemaOf("resource.k8s.io/v1", "DeviceClass"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
