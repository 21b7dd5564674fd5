import { addQuantities, compareQuantities, parseQuantity } from "../../../resource/quantity.ts";
import type { Quantity } from "../../../resource/quantity.ts";
import type { Container, PodSpec } from "./types.gen.ts";

/** Which resources a pod may ask for as a whole (KEP-2837). */
export function isPodLevelResource(name: string): boolean {
  return name === "cpu" || name === "memory" || name.startsWith("hugepages-");
}

/**
 * Requests of the pod as a whole, where it has limits but no requests of its own: what its containers request
 * together, else the limit (KEP-2837).
 */
export function defaultPodLevelRequests(spec: PodSpec): void {
  const limits = spec.resources?.limits;
  if (!spec.resources || !limits || Object.keys(limits).length === 0) return;
  const requests: Record<string, string> = { ...spec.resources.requests };
  for (const [name, quantity] of containerRequests(spec)) {
    if (isPodLevelResource(name)) requests[name] ??= quantity.text;
  }
  for (const [name, limit] of Object.entries(limits)) {
    if (isPodLevelResource(name)) requests[name] ??= limit;
  }
  if (Object.keys(requests).length > 0) spec.resources.requests = requests;
}

/**
 * What the containers of a pod request at the same time, by resource: all containers and sidecars together, or more
 * if an init container needs more before them (KEP-753).
 */
export function containerRequests(spec: PodSpec): ReadonlyMap<string, Quantity> {
  const running = new Map<string, Quantity>();
  for (const container of spec.containers ?? []) add(running, container);
  const sidecars = new Map<string, Quantity>();
  const peak = new Map<string, Quantity>();
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === "Always") {
      add(running, container);
      add(sidecars, container);
      raise(peak, sidecars);
    } else {
      const needed = new Map(sidecars);
      add(needed, container);
      raise(peak, needed);
    }
  }
  raise(running, peak);
  return running;
}

function add(total: Map<string, Quantity>, container: Container): void {
  for (const [name, value] of Object.entries(container.resources?.requests ?? {})) {
    const known = total.get(name);
    const quantity = parseQuantity(value);
    total.set(name, known ? addQuantities(known, quantity) : quantity);
  }
}

function raise(total: Map<string, Quantity>, atLeast: ReadonlyMap<string, Quantity>): void {
  for (const [name, quantity] of atLeast) {
    const known = total.get(name);
    if (!known || compareQuantities(known, quantity) < 0) total.set(name, quantity);
  }
}
