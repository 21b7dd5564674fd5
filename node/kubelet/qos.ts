import type { Container, Pod } from "../../shared/api/core/v1/types.gen.ts";
import {
  asNumber,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantitySign,
} from "../../shared/resource/quantity.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

/** How well a pod is protected when the node runs short: by what its containers request and are limited to. */
export function qosClassOf(pod: Pod): QosClass {
  const own = pod.spec?.resources;
  const all = own?.requests || own?.limits
    ? [own]
    : [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
      .map(({ resources }) => resources);
  let asks = false;
  let guaranteed = all.length > 0;
  for (const resources of all) {
    for (const name of ["cpu", "memory"]) {
      const limit = positive(resources?.limits?.[name]);
      const request = positive(resources?.requests?.[name]);
      asks ||= limit !== undefined || request !== undefined;
      guaranteed &&= limit !== undefined &&
        (request === undefined || compareQuantities(request, limit) === 0);
    }
  }
  if (guaranteed) return "Guaranteed";
  return asks ? "Burstable" : "BestEffort";
}

function positive(text: string | undefined): Quantity | undefined {
  if (text === undefined) return undefined;
  const quantity = parseQuantity(text);
  return quantitySign(quantity) > 0 ? quantity : undefined;
}

/**
 * How readily the kernel kills a container when memory runs out: guaranteed pods last, others the sooner the less
 * of the node's memory they request (the reference's formula).
 */
export function oomScoreAdjust(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const critical = pod.spec?.priorityClassName === "system-node-critical";
  const qos = qosClassOf(pod);
  if (critical || qos === "Guaranteed") return -997;
  if (qos === "BestEffort") return 1000;
  const request = container.resources?.requests?.["memory"];
  const bytes = request ? asNumber(parseQuantity(request)) : 0;
  const adjust = Math.floor(1000 - (1000 * bytes) / nodeMemoryBytes);
  return Math.min(999, Math.max(3, adjust));
}
