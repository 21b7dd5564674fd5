import type { Container, Pod } from "../../shared/api/core/v1/types.gen.ts";
import { asMilli, asNumber, parseQuantity } from "../../shared/resource/quantity.ts";
import type { ContainerResources } from "../runtime/runtime_service.ts";
import { oomScoreAdjust } from "./oom_score.ts";

/** The CPU scheduler's period in microseconds, and the least quota the kernel takes. */
const CPU_PERIOD = 100_000;
const MIN_QUOTA = 1000;
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;

/** What the kernel is told for a container's requests and limits. */
export function containerResources(
  pod: Pod,
  container: Container,
  nodeMemoryBytes: number,
): ContainerResources {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const request = requests["cpu"] ?? limits["cpu"];
  const cpuLimit = limits["cpu"] ? asMilli(parseQuantity(limits["cpu"])) : 0;
  const memoryBytes = limits["memory"] ? asNumber(parseQuantity(limits["memory"])) : 0;
  return {
    cpuShares: sharesOf(request ? asMilli(parseQuantity(request)) : 0),
    ...(cpuLimit > 0 && {
      cpuPeriod: CPU_PERIOD,
      cpuQuota: Math.max(MIN_QUOTA, Math.floor((cpuLimit * CPU_PERIOD) / 1000)),
    }),
    ...(memoryBytes > 0 && { memoryBytes }),
    oomScoreAdjust: oomScoreAdjust(pod, container, nodeMemoryBytes),
  };
}

/** A whole CPU has 1024 shares. */
function sharesOf(milli: number): number {
  return Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((milli * 1024) / 1000)));
}

export type ResourceTotals = Readonly<Record<string, number>>;

/**
 * What a pod needs at once, by resource: cpu in thousandths, others in units. The larger of what the containers
 * need together and what any step of initialization needs beside the sidecars started before it, plus overhead.
 */
export function podRequests(pod: Pod): ResourceTotals {
  const { containers = [], initContainers = [], overhead = {}, resources } = pod.spec ?? {};
  const running = containers.map(requestsOf).reduce(add, {});
  let sidecars: ResourceTotals = {};
  let peak: ResourceTotals = {};
  for (const container of initContainers) {
    const own = requestsOf(container);
    if (container.restartPolicy === "Always") sidecars = add(sidecars, own);
    else peak = largest(peak, add(sidecars, own));
  }
  const needed = largest(add(running, sidecars), largest(peak, sidecars));
  const podLevel = totals(resources?.requests ?? {});
  return add({ ...needed, ...podLevel }, totals(overhead));
}

/** Quantities by name as numbers: cpu in thousandths, others in units. */
export function totals(quantities: Readonly<Record<string, string>>): ResourceTotals {
  return Object.fromEntries(
    Object.entries(quantities).map(([name, text]) => {
      const quantity = parseQuantity(text);
      return [name, name === "cpu" ? asMilli(quantity) : asNumber(quantity)];
    }),
  );
}

function requestsOf({ resources }: Container): ResourceTotals {
  return totals({ ...resources?.limits, ...resources?.requests });
}

export function add(a: ResourceTotals, b: ResourceTotals): ResourceTotals {
  return combine(a, b, (x, y) => x + y);
}

function largest(a: ResourceTotals, b: ResourceTotals): ResourceTotals {
  return combine(a, b, Math.max);
}

function combine(
  a: ResourceTotals,
  b: ResourceTotals,
  join: (x: number, y: number) => number,
): ResourceTotals {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, join(a[name] ?? 0, b[name] ?? 0)]));
}
