import { compareQuantities, parseQuantity, quantitySign } from "../../../resource/quantity.ts";
import type { Pod, PodSpec, ResourceRequirements } from "./types.gen.ts";

/** The three classes by which nodes decide whom to sacrifice first. */
export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const counted = ["cpu", "memory"];

/**
 * The quality-of-service class that follows from cpu and memory: `Guaranteed` if every container has equal requests
 * and limits for both, `BestEffort` if none has any, else `Burstable`. Pod-level resources replace the containers'.
 */
export function qosClassOf(pod: Pod): QosClass {
  const spec = pod.spec ?? {} as PodSpec;
  const all = isSet(spec.resources)
    ? [spec.resources]
    : [...spec.containers ?? [], ...spec.initContainers ?? []].map((c) => c.resources ?? {});
  const used = all.map((resources) => ({
    requests: positive(resources.requests),
    limits: positive(resources.limits),
  }));
  if (used.every(({ requests, limits }) => requests.size === 0 && limits.size === 0)) {
    return "BestEffort";
  }
  return used.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

function isSet(resources: ResourceRequirements | undefined): resources is ResourceRequirements {
  return Object.keys(resources?.limits ?? {}).length > 0 ||
    Object.keys(resources?.requests ?? {}).length > 0;
}

interface Used {
  readonly requests: ReadonlyMap<string, string>;
  readonly limits: ReadonlyMap<string, string>;
}

function isGuaranteed({ requests, limits }: Used): boolean {
  return counted.every((name) => {
    const limit = limits.get(name);
    if (limit === undefined) return false;
    const request = requests.get(name) ?? limit;
    return compareQuantities(parseQuantity(request), parseQuantity(limit)) === 0;
  });
}

function positive(list: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const name of counted) {
    const value = list?.[name];
    if (value !== undefined && quantitySign(parseQuantity(value)) > 0) out.set(name, value);
  }
  return out;
}
