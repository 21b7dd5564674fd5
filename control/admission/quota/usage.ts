import type { PersistentVolumeClaim, Pod, Service } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import {
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityOf,
} from "../../../shared/resource/quantity.ts";
import { type Amounts, podAmounts } from "../pod_resources.ts";

/** Names a resource as quotas do. */
export interface QuotaResource {
  readonly group: string;
  readonly plural: string;
}

const one = quantityOf(1);
/** Core kinds that could be counted by their bare name before `count/` was there for all. */
const bareNames = new Set([
  "configmaps",
  "persistentvolumeclaims",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "services",
]);
const standard = new Set(["cpu", "memory", "ephemeral-storage"]);

/**
 * What one object counts against quotas, by the names that quotas use. For admission and for the controller that
 * counts anew. `now`: wall-clock milliseconds. Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/.
 */
export function usageOf(resource: QuotaResource, object: KubeObject, now: number): Amounts {
  const { group, plural } = resource;
  const usage = new Map<string, Quantity>([[countName(resource), one]]);
  if (group !== "") return usage;
  if (bareNames.has(plural)) usage.set(plural, one);
  if (plural === "pods") addPod(usage, object as Pod, now);
  else if (plural === "services") addService(usage, object as Service);
  else if (plural === "persistentvolumeclaims") addClaim(usage, object as PersistentVolumeClaim);
  return usage;
}

/** Of the names in a quota, those that objects of this resource count against. */
export function quotaNamesOf(
  resource: QuotaResource,
  names: readonly string[],
): readonly string[] {
  const { group, plural } = resource;
  const own = countName(resource);
  return names.filter((name) => {
    if (name === own) return true;
    if (group !== "") return false;
    if (bareNames.has(plural) && name === plural) return true;
    if (plural === "pods") return isPodName(name);
    if (plural === "services") return /^services\.(loadbalancers|nodeports)$/.test(name);
    return plural === "persistentvolumeclaims" && isStorageName(name);
  });
}

/** Names that a quota on compute resources forces every container to set: `cpu`, `limits.memory`, … */
export function requiredNames(names: readonly string[]): readonly string[] {
  return names.filter((name) => /^((requests|limits)\.)?(cpu|memory)$/.test(name));
}

/** What requests and limits count as, by the names that quotas use. */
export function computeUsage(requests: Amounts, limits: Amounts): Map<string, Quantity> {
  const usage = new Map<string, Quantity>();
  for (const [name, amount] of requests) {
    if (standard.has(name) || name.startsWith("hugepages-")) {
      usage.set(name, amount);
      usage.set(`requests.${name}`, amount);
    } else if (isExtended(name)) usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of limits) if (standard.has(name)) usage.set(`limits.${name}`, amount);
  return usage;
}

function countName({ group, plural }: QuotaResource): string {
  return group === "" ? `count/${plural}` : `count/${plural}.${group}`;
}

function isPodName(name: string): boolean {
  if (name === "pods" || /^((requests|limits)\.)?(cpu|memory|ephemeral-storage)$/.test(name)) {
    return true;
  }
  if (/^(requests\.)?hugepages-/.test(name)) return true;
  return name.startsWith("requests.") && isExtended(name.slice("requests.".length));
}

function isStorageName(name: string): boolean {
  return name === "requests.storage" ||
    /\.(storageclass|volumeattributesclass)\.storage\.k8s\.io\//.test(name);
}

/** Resources outside the kubernetes.io domain, such as `vendor.example/gpu`. */
function isExtended(name: string): boolean {
  return name.includes("/") && !/(^|\.)kubernetes\.io\//.test(name) &&
    !name.includes(".storageclass.") && !name.includes(".volumeattributesclass.");
}

function addPod(usage: Map<string, Quantity>, { metadata, spec, status }: Pod, now: number): void {
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return;
  const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0 } = metadata;
  // The reference waits for the grace period once more, although the time of deletion contains it.
  if (deletionTimestamp && Date.parse(deletionTimestamp) + grace * 1000 < now) return;
  usage.set("pods", one);
  if (!spec) return;
  const requests = podAmounts(spec, "requests", { overhead: true });
  const limits = podAmounts(spec, "limits", { overhead: true });
  for (const [name, amount] of computeUsage(requests, limits)) usage.set(name, amount);
}

function addService(usage: Map<string, Quantity>, { spec }: Service): void {
  const ports = spec?.ports ?? [];
  if (spec?.type === "NodePort") usage.set("services.nodeports", quantityOf(ports.length));
  if (spec?.type !== "LoadBalancer") return;
  usage.set("services.loadbalancers", one);
  const count = spec.allocateLoadBalancerNodePorts === false
    ? ports.filter(({ nodePort }) => nodePort).length
    : ports.length;
  usage.set("services.nodeports", quantityOf(count));
}

function addClaim(usage: Map<string, Quantity>, claim: PersistentVolumeClaim): void {
  const { spec, status, metadata } = claim;
  const storage = largest(spec?.resources?.requests?.storage, status?.allocatedResources?.storage);
  if (storage) usage.set("requests.storage", storage);
  const className = spec?.storageClassName ||
    metadata.annotations?.["volume.beta.kubernetes.io/storage-class"];
  if (!className) return;
  const prefix = `${className}.storageclass.storage.k8s.io/`;
  usage.set(`${prefix}persistentvolumeclaims`, one);
  if (storage) usage.set(`${prefix}requests.storage`, storage);
}

function largest(...texts: readonly (string | undefined)[]): Quantity | undefined {
  let most: Quantity | undefined;
  for (const text of texts) {
    const amount = text === undefined ? undefined : parseQuantity(text);
    if (amount && (!most || compareQuantities(amount, most) > 0)) most = amount;
  }
  return most;
}
