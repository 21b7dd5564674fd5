import type { Container, PodSpec } from "../../shared/api/core/v1/types.gen.ts";
import { isPodLevelResource } from "../../shared/api/core/v1/pod_level_resources.ts";
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
} from "../../shared/resource/quantity.ts";

export type Amounts = ReadonlyMap<string, Quantity>;

/**
 * What a pod requests (or is limited to) at any one time: its containers and sidecars together, or more if an init
 * container needs more before them (KEP-753); what is set for the pod as a whole counts instead (KEP-2837).
 * `overhead` of the runtime class is added if asked for.
 */
export function podAmounts(
  spec: PodSpec,
  what: "requests" | "limits",
  options: { readonly overhead?: boolean } = {},
): Map<string, Quantity> {
  const total = containerAmounts(spec, what);
  for (const [name, value] of Object.entries(spec.resources?.[what] ?? {})) {
    if (isPodLevelResource(name)) total.set(name, parseQuantity(value));
  }
  if (options.overhead) {
    for (const [name, value] of Object.entries(spec.overhead ?? {})) {
      // What has no limit does not get one by its overhead.
      if (what === "requests" || total.has(name)) increase(total, name, parseQuantity(value));
    }
  }
  return total;
}

/** Amounts of one container, by resource. */
export function amountsOf(list: Readonly<Record<string, string>> | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, value]) => [name, parseQuantity(value)]));
}

/** Adds `amount` to what `total` has under `name`. */
export function increase(total: Map<string, Quantity>, name: string, amount: Quantity): void {
  const known = total.get(name);
  total.set(name, known ? addQuantities(known, amount) : amount);
}

function containerAmounts(spec: PodSpec, what: "requests" | "limits"): Map<string, Quantity> {
  const running = new Map<string, Quantity>();
  for (const container of spec.containers) addContainer(running, container, what);
  const sidecars = new Map<string, Quantity>();
  const peak = new Map<string, Quantity>();
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === "Always") {
      addContainer(running, container, what);
      addContainer(sidecars, container, what);
      raise(peak, sidecars);
    } else {
      const needed = new Map(sidecars);
      addContainer(needed, container, what);
      raise(peak, needed);
    }
  }
  raise(running, peak);
  return running;
}

function addContainer(
  total: Map<string, Quantity>,
  container: Container,
  what: "requests" | "limits",
): void {
  for (const [name, amount] of amountsOf(container.resources?.[what])) {
    increase(total, name, amount);
  }
}

function raise(total: Map<string, Quantity>, atLeast: Amounts): void {
  for (const [name, amount] of atLeast) {
    const known = total.get(name);
    if (!known || compareQuantities(known, amount) < 0) total.set(name, amount);
  }
}
