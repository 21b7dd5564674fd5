import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateNode, validateNodeUpdate } from "./node_validation.ts";
import { defaultResourceList } from "./resource_list.ts";
import type { Node } from "./types.gen.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";
const ROLE_LABEL = "kubernetes.io/role";

/** A machine of the cluster. */
export const node = defineKind<Node>({
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  scope: "Cluster",
  schema: schemaOf("v1", "Node"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Status", type: "string", cell: statusOf },
    { name: "Roles", type: "string", cell: rolesOf },
    ageColumn(),
    { name: "Version", type: "string", cell: (obj) => obj.status?.nodeInfo?.kubeletVersion ?? "" },
    {
      name: "Internal-IP",
      type: "string",
      priority: 1,
      cell: (obj) => addressOf(obj, "InternalIP"),
    },
    {
      name: "External-IP",
      type: "string",
      priority: 1,
      cell: (obj) => addressOf(obj, "ExternalIP"),
    },
    {
      name: "OS-Image",
      type: "string",
      priority: 1,
      cell: (obj) => obj.status?.nodeInfo?.osImage || "<unknown>",
    },
    { name: "Kernel-Version", type: "string", priority: 1, cell: kernelOf },
    {
      name: "Container-Runtime",
      type: "string",
      priority: 1,
      cell: (obj) => obj.status?.nodeInfo?.containerRuntimeVersion || "<unknown>",
    },
  ],
  selectableFields: {
    "spec.unschedulable": (obj) => String(obj.spec?.unschedulable ?? false),
  },
  strategy: {
    keepsStatusOnCreate: true,
    defaults(obj) {
      if (obj.status) {
        if (obj.status.allocatable === undefined && obj.status.capacity) {
          obj.status.allocatable = { ...obj.status.capacity };
        }
        defaultResourceList(obj.status.capacity);
        defaultResourceList(obj.status.allocatable);
      }
      defaultPodCidrs(obj);
    },
    prepareForCreate(obj) {
      delete obj.spec?.configSource;
    },
    prepareForUpdate: dropConfigSource,
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    status: { validateUpdate: validateNodeUpdate },
  },
});

/** `podCIDR` is the first of `podCIDRs`, whichever was given. */
function defaultPodCidrs({ spec }: Node): void {
  if (!spec) return;
  if (spec.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR];
  if (!spec.podCIDR && spec.podCIDRs?.length) spec.podCIDR = spec.podCIDRs[0];
}

/** The field of a removed feature: cannot be set any more, may be cleared. */
function dropConfigSource(obj: Node, old: Node): void {
  if (!old.spec?.configSource) delete obj.spec?.configSource;
}

function statusOf(obj: Node): string {
  const ready = obj.status?.conditions?.find((condition) => condition.type === "Ready");
  const parts = [ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (obj.spec?.unschedulable) parts.push("SchedulingDisabled");
  return parts.join(",");
}

function rolesOf(obj: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(obj.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) {
      roles.add(key.slice(ROLE_PREFIX.length));
    } else if (key === ROLE_LABEL && value !== "") roles.add(value);
  }
  return roles.size === 0 ? "<none>" : [...roles].sort().join(",");
}

function addressOf(obj: Node, type: string): string {
  return obj.status?.addresses?.find((address) => address.type === type)?.address ?? "<none>";
}

function kernelOf(obj: Node): string {
  const { kernelVersion, architecture } = obj.status?.nodeInfo ?? {};
  if (!kernelVersion) return "<unknown>";
  return architecture ? `${kernelVersion} (${architecture})` : kernelVersion;
}
