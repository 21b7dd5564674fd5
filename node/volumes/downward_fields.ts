import type { Container, Pod, ResourceFieldSelector } from "../../shared/api/core/v1/types.gen.ts";
import { asMilli, asNumber, parseQuantity } from "../../shared/resource/quantity.ts";

/**
 * A field of the pod as text, for `fieldRef`: in environments and in downwardAPI volumes. Throws for a path that
 * names no supported field.
 */
export function podField(pod: Pod, path: string): string {
  const subscript = path.match(/^metadata\.(labels|annotations)\['(.*)'\]$/);
  if (subscript) {
    return pod.metadata[subscript[1] as "labels" | "annotations"]?.[subscript[2]!] ?? "";
  }
  const read = fields[path];
  if (!read) throw new Error(`unsupported fieldPath: ${path}`);
  return read(pod);
}

const fields: Readonly<Record<string, (pod: Pod) => string>> = {
  "metadata.name": ({ metadata }) => metadata.name ?? "",
  "metadata.namespace": ({ metadata }) => metadata.namespace ?? "",
  "metadata.uid": ({ metadata }) => metadata.uid ?? "",
  "metadata.labels": ({ metadata }) => formatMap(metadata.labels ?? {}),
  "metadata.annotations": ({ metadata }) => formatMap(metadata.annotations ?? {}),
  "spec.nodeName": ({ spec }) => spec?.nodeName ?? "",
  "spec.serviceAccountName": ({ spec }) => spec?.serviceAccountName ?? "",
  "status.hostIP": ({ status }) => status?.hostIP ?? "",
  "status.hostIPs": ({ status }) => (status?.hostIPs ?? []).map(({ ip }) => ip).join(","),
  "status.podIP": ({ status }) => status?.podIP ?? "",
  "status.podIPs": ({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip).join(","),
};

/** `key="value"`, sorted by key, a line each. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.keys(map).sort().map((key) => `${key}=${JSON.stringify(map[key])}`).join("\n");
}

/**
 * A container's request or limit as a whole number of divisors, rounded up, for `resourceFieldRef`. A missing
 * limit is what the node can give. `self` is the container where the selector names none.
 */
export function resourceField(
  pod: Pod,
  selector: ResourceFieldSelector,
  allocatable: Readonly<Record<string, string>>,
  self?: Container,
): string {
  const { containerName, resource, divisor } = selector;
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const container = containerName ? all.find(({ name }) => name === containerName) : self;
  if (!container) throw new Error(`container ${containerName ?? ""} not found`);
  const [kind = "", name = ""] = splitResource(resource);
  const { limits = {}, requests = {} } = container.resources ?? {};
  const value = kind === "limits"
    ? limits[name] ?? allocatable[name] ?? "0"
    : kind === "requests"
    ? requests[name] ?? limits[name] ?? "0"
    : undefined;
  if (value === undefined) throw new Error(`unsupported container resource : ${resource}`);
  return divide(name, value, divisor);
}

function splitResource(resource: string): string[] {
  const dot = resource.indexOf(".");
  return [resource.slice(0, dot), resource.slice(dot + 1)];
}

function divide(name: string, value: string, divisor: string | undefined): string {
  const unit = divisor === undefined || divisor === "0" ? "1" : divisor;
  if (name === "cpu") {
    return String(Math.ceil(asMilli(parseQuantity(value)) / asMilli(parseQuantity(unit))));
  }
  return String(Math.ceil(asNumber(parseQuantity(value)) / asNumber(parseQuantity(unit))));
}
