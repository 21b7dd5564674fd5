const computeResources = ["cpu", "memory", "ephemeral-storage"];
const countedResources = [
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
];
const quotaResources = new Set([
  ...computeResources,
  ...computeResources.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  ...countedResources,
  "requests.storage",
]);
const standardResources = new Set([...quotaResources, "storage"]);
const integerResources = new Set(countedResources);
const HUGE_PAGES = "hugepages-";
const REQUESTS = "requests.";

/** Resources of the core that need no domain: cpu, memory, storage, counts of objects, huge pages. */
export function isStandardResource(name: string): boolean {
  return standardResources.has(name) || isQuotaHugePages(name);
}

/** Standard resources that a container may ask for. */
export function isContainerResource(name: string): boolean {
  return computeResources.includes(name) || isHugePages(name);
}

/** Standard resources that a quota may limit. */
export function isQuotaResource(name: string): boolean {
  return quotaResources.has(name) || isQuotaHugePages(name);
}

/** Huge pages of one size, e.g. `hugepages-2Mi`. */
export function isHugePages(name: string): boolean {
  return name.startsWith(HUGE_PAGES);
}

/** A resource of the core: without a domain, or with that of Kubernetes. */
export function isNativeResource(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

/** A resource that somebody else defines, e.g. `example.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith(REQUESTS);
}

/** Whether only whole numbers make sense. */
export function isIntegerResource(name: string): boolean {
  return integerResources.has(name) || isExtendedResource(name);
}

/** Whether a request may be lower than the limit. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name);
}

function isQuotaHugePages(name: string): boolean {
  return isHugePages(name) || name.startsWith(REQUESTS + HUGE_PAGES);
}
