import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { nameColumn } from "../../table_columns.ts";
import type { ComponentStatus } from "./types.gen.ts";

/** Health of a part of the control plane (deprecated; read only). */
export const componentStatus = defineKind<ComponentStatus>({
  group: "",
  version: "v1",
  kind: "ComponentStatus",
  plural: "componentstatuses",
  shortNames: ["cs"],
  scope: "Cluster",
  schema: schemaOf("v1", "ComponentStatus"),
  verbs: ["get", "list"],
  deprecation: "v1 ComponentStatus is deprecated in v1.19+",
  columns: [
    nameColumn(),
    { name: "Status", type: "string", cell: statusOf },
    { name: "Message", type: "string", cell: (obj) => healthyOf(obj)?.message ?? "" },
    { name: "Error", type: "string", cell: (obj) => healthyOf(obj)?.error ?? "" },
  ],
  strategy: {},
});

function healthyOf(obj: ComponentStatus) {
  return obj.conditions?.find((condition) => condition.type === "Healthy");
}

function statusOf(obj: ComponentStatus): string {
  const status = healthyOf(obj)?.status;
  return status === "True" ? "Healthy" : status === "False" ? "Unhealthy" : "Unknown";
}
