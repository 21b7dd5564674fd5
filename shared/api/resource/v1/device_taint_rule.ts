import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { DeviceTaintRule } from "./types.gen.ts";

/** A DeviceTaintRule puts a taint on all devices that match it. */
export const deviceTaintRule = defineKind<DeviceTaintRule>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "DeviceTaintRule",
  plural: "devicetaintrules",
  scope: "Cluster",
  schema: schemaOf("resource.k8s.io/v1", "DeviceTaintRule"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
