import { qosClassOf } from "../../shared/api/core/v1/qos_class.ts";
import type { Container, Pod } from "../../shared/api/core/v1/types.gen.ts";
import { asNumber, parseQuantity } from "../../shared/resource/quantity.ts";

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
