import type { Container, Pod, PodSpec } from "../../../shared/api/core/v1/types.gen.ts";
import { isPodLevelResource } from "../../../shared/api/core/v1/pod_level_resources.ts";
import {
  asMilli,
  asNumber,
  parseQuantity,
  type Quantity,
} from "../../../shared/resource/quantity.ts";

type List = Readonly<Record<string, string>>;

/** What containers without a request are taken to need when nodes are ranked (not when they are filtered). */
export const assumedMilliCPU = 100;
export const assumedMemory = 200 * 1024 * 1024;

/** Amounts of resources as plain numbers: thousandths of a CPU, bytes, and whole units of everything else. */
export class Resources {
  milliCPU = 0;
  memory = 0;
  ephemeralStorage = 0;
  /** Extended resources, huge pages. Absent if there are none, which is nearly always. */
  scalars: Map<string, number> | undefined;

  static of(list: List | undefined): Resources {
    const result = new Resources();
    for (const name in list) result.set(name, amountOf(name, list[name]!));
    return result;
  }

  get(name: string): number {
    switch (name) {
      case "cpu":
        return this.milliCPU;
      case "memory":
        return this.memory;
      case "ephemeral-storage":
        return this.ephemeralStorage;
      default:
        return this.scalars?.get(name) ?? 0;
    }
  }

  set(name: string, amount: number): void {
    switch (name) {
      case "cpu":
        this.milliCPU = amount;
        return;
      case "memory":
        this.memory = amount;
        return;
      case "ephemeral-storage":
        this.ephemeralStorage = amount;
        return;
      default:
        (this.scalars ??= new Map()).set(name, amount);
    }
  }

  /** Adds `other` `by` times; -1 takes it off. */
  add(other: Resources, by: 1 | -1 = 1): void {
    this.milliCPU += by * other.milliCPU;
    this.memory += by * other.memory;
    this.ephemeralStorage += by * other.ephemeralStorage;
    if (!other.scalars) return;
    for (const [name, amount] of other.scalars) this.set(name, this.get(name) + by * amount);
  }

  /** Makes every amount at least what `other` has. */
  raise(other: Resources): void {
    this.milliCPU = Math.max(this.milliCPU, other.milliCPU);
    this.memory = Math.max(this.memory, other.memory);
    this.ephemeralStorage = Math.max(this.ephemeralStorage, other.ephemeralStorage);
    if (!other.scalars) return;
    for (const [name, amount] of other.scalars) this.set(name, Math.max(this.get(name), amount));
  }

  clone(): Resources {
    const copy = new Resources();
    copy.add(this);
    return copy;
  }

  equals(other: Resources): boolean {
    if (
      this.milliCPU !== other.milliCPU || this.memory !== other.memory ||
      this.ephemeralStorage !== other.ephemeralStorage
    ) return false;
    if (!this.scalars && !other.scalars) return true;
    const names = new Set([...this.scalars?.keys() ?? [], ...other.scalars?.keys() ?? []]);
    return [...names].every((name) => this.get(name) === other.get(name));
  }
}

const numbers = new WeakMap<Quantity, { readonly milli: number; readonly units: number }>();

/** `500m` of CPU is 500; of everything else whole units, rounded up. */
export function amountOf(name: string, text: string): number {
  // Quantities are interned by parseQuantity, so the same text is worked out once.
  const quantity = parseQuantity(text);
  let known = numbers.get(quantity);
  if (!known) {
    known = { milli: asMilli(quantity), units: asNumber(quantity) };
    numbers.set(quantity, known);
  }
  return name === "cpu" ? known.milli : known.units;
}

export interface RequestOptions {
  /** Count assumed amounts for containers that request no CPU or memory. */
  readonly assumed?: boolean;
}

/**
 * What a pod needs of its node: its containers and sidecars together, or more if an init container needs more before
 * them (KEP-753); what is requested for the pod as a whole counts instead (KEP-2837); the runtime's overhead on top.
 * While a resize is under way a container counts with the most of what it asks, was given and uses (KEP-1287).
 */
export function podRequests(pod: Pod, options: RequestOptions = {}): Resources {
  const spec = pod.spec;
  if (!spec) return new Resources();
  const total = containersTotal(pod, spec, options);
  for (const name in spec.resources?.requests) {
    if (isPodLevelResource(name)) total.set(name, amountOf(name, spec.resources!.requests![name]!));
  }
  if (spec.overhead) total.add(Resources.of(spec.overhead));
  return total;
}

function containersTotal(pod: Pod, spec: PodSpec, options: RequestOptions): Resources {
  const running = new Resources();
  for (const container of spec.containers) running.add(containerRequests(pod, container, options));
  if (!spec.initContainers) return running;
  const sidecars = new Resources();
  const peak = new Resources();
  for (const container of spec.initContainers) {
    const requests = containerRequests(pod, container, options);
    if (container.restartPolicy === "Always") {
      running.add(requests);
      sidecars.add(requests);
      peak.raise(sidecars);
    } else {
      requests.add(sidecars);
      peak.raise(requests);
    }
  }
  running.raise(peak);
  return running;
}

function containerRequests(pod: Pod, container: Container, options: RequestOptions): Resources {
  const asked = container.resources?.requests;
  const requests = Resources.of(asked);
  const statuses = container.restartPolicy === "Always"
    ? pod.status?.initContainerStatuses
    : pod.status?.containerStatuses;
  const status = statuses?.find(({ name }) => name === container.name);
  if (status?.resources?.requests) {
    const given = Resources.of(status.resources.requests);
    given.raise(Resources.of(status.allocatedResources));
    if (isInfeasible(pod)) return given;
    requests.raise(given);
  }
  if (options.assumed) {
    if (asked?.["cpu"] === undefined) requests.milliCPU = assumedMilliCPU;
    if (asked?.["memory"] === undefined) requests.memory = assumedMemory;
  }
  return requests;
}

/** The node will never grant what is asked, so only what is given counts. */
function isInfeasible(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, reason }) =>
    type === "PodResizePending" && reason === "Infeasible"
  ) ?? false;
}
