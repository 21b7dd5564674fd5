import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, ageSince, nameColumn } from "../../table_columns.ts";
import { validateTaint } from "../device_validation.ts";
import type { DeviceTaintRule } from "./types.gen.ts";

/** A DeviceTaintRule puts a taint on all devices that match it. */
export const deviceTaintRule = defineKind<DeviceTaintRule>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "DeviceTaintRule",
  plural: "devicetaintrules",
  storageVersion: "v1beta2",
  scope: "Cluster",
  schema: schemaOf("resource.k8s.io/v1", "DeviceTaintRule"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Key", type: "string", cell: ({ spec }) => spec.taint.key },
    { name: "Value", type: "string", cell: ({ spec }) => spec.taint.value ?? "" },
    { name: "Effect", type: "string", cell: ({ spec }) => spec.taint.effect },
    {
      name: "TimeAdded",
      type: "string",
      cell: ({ spec }, now) => ageSince(spec.taint.timeAdded, now),
    },
    ageColumn(),
  ],
  strategy: {
    defaults: (obj, now) => {
      obj.spec ??= { taint: { key: "", effect: "" } };
      obj.spec.taint ??= { key: "", effect: "" };
      if (now !== undefined) obj.spec.taint.timeAdded ??= now;
    },
    generationOf: (obj) => obj.spec,
    validate: ({ spec }) => validateTaint(spec.taint, "spec.taint"),
  },
});
