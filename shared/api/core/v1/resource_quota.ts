import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defaultResourceList } from "./resource_list.ts";
import {
  validateResourceQuota,
  validateResourceQuotaStatus,
  validateResourceQuotaUpdate,
} from "./resource_quota_validation.ts";
import type { ResourceQuota } from "./types.gen.ts";

/** What all objects of a namespace together may use. */
export const resourceQuota = defineKind<ResourceQuota>({
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  shortNames: ["quota"],
  scope: "Namespaced",
  returnsDeletedObject: true,
  schema: schemaOf("v1", "ResourceQuota"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Request", type: "string", cell: (obj) => formatUsage(obj, false) },
    { name: "Limit", type: "string", cell: (obj) => formatUsage(obj, true) },
    ageColumn(),
  ],
  strategy: {
    defaults(obj) {
      defaultResourceList(obj.spec?.hard);
      defaultResourceList(obj.status?.hard);
      defaultResourceList(obj.status?.used);
    },
    validate: validateResourceQuota,
    validateUpdate: validateResourceQuotaUpdate,
    status: { validateUpdate: (obj) => validateResourceQuotaStatus(obj) },
  },
});

function formatUsage(obj: ResourceQuota, limits: boolean): string {
  const { hard = {}, used = {} } = obj.status ?? {};
  return Object.keys(hard).sort()
    .filter((resource) => resource.startsWith("limits.") === limits)
    .map((resource) => `${resource}: ${used[resource] ?? "0"}/${hard[resource]}`)
    .join(", ");
}
