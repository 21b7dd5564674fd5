import { nameIsDns1123Label } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { formatLabels } from "../../selector_text.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import {
  defaultService,
  prepareServiceForCreate,
  prepareServiceForUpdate,
} from "./service_strategy.ts";
import { validateServiceStatus, validateServiceUpdate } from "./service_update_validation.ts";
import { validateService } from "./service_validation.ts";
import { serviceWarnings } from "./service_warnings.ts";
import type { Service } from "./types.gen.ts";

/** A stable address for a set of pods. */
export const service = defineKind<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  scope: "Namespaced",
  returnsDeletedObject: true,
  schema: schemaOf("v1", "Service"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Type", type: "string", cell: (obj) => obj.spec?.type ?? "" },
    {
      name: "Cluster-IP",
      type: "string",
      cell: (obj) => obj.spec?.clusterIPs?.[0] || obj.spec?.clusterIP || "<none>",
    },
    { name: "External-IP", type: "string", cell: externalIpOf },
    { name: "Port(s)", type: "string", cell: portsOf },
    ageColumn(),
    {
      name: "Selector",
      type: "string",
      priority: 1,
      cell: (obj) => formatLabels(obj.spec?.selector),
    },
  ],
  selectableFields: {
    "spec.clusterIP": (obj) => obj.spec?.clusterIP ?? "",
    "spec.type": (obj) => obj.spec?.type ?? "",
  },
  strategy: {
    allowCreateOnUpdate: true,
    defaults: defaultService,
    prepareForCreate: prepareServiceForCreate,
    prepareForUpdate: prepareServiceForUpdate,
    validateName: nameIsDns1123Label,
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    warnings: serviceWarnings,
    status: { validateUpdate: validateServiceStatus },
  },
});

function externalIpOf({ spec, status }: Service): string {
  const fixed = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case "ClusterIP":
    case "NodePort":
      return fixed.length > 0 ? fixed.join(",") : "<none>";
    case "LoadBalancer": {
      const given = (status?.loadBalancer?.ingress ?? [])
        .map((ingress) => ingress.ip || ingress.hostname || "").filter((text) => text !== "");
      const all = [...new Set(given), ...fixed];
      return all.length > 0 ? all.join(",") : "<pending>";
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

function portsOf({ spec }: Service): string {
  const ports = spec?.ports ?? [];
  if (ports.length === 0) return "<none>";
  return ports.map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`
  ).join(",");
}
