import type {
  Container,
  ContainerStatus,
  Pod,
  PodSpec,
} from "../../../shared/api/core/v1/types.gen.ts";
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

  /** Of the amounts that are not zero, those of extended resources in no order. */
  names(): readonly string[] {
    const plain = ["cpu", "memory", "ephemeral-storage"].filter((name) => this.get(name) !== 0);
    return [...plain, ...this.scalars?.keys() ?? []];
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

/** For which resources assumed amounts count where a container requests none. */
export interface Assumptions {
  readonly cpu: boolean;
  readonly memory: boolean;
}
export interface RequestOptions {
  readonly assumed?: Assumptions | undefined;
  /** Leaves out what is requested for the pod as a whole. */
  readonly containersOnly?: boolean;
}

/**
 * What a pod needs of its node: its containers and sidecars together, or more if an init container needs more before
 * them (KEP-753); what is requested for the pod as a whole counts instead (KEP-2837); the runtime's overhead on top.
 * While a resize is under way the most of what is asked, was given and is used counts (KEP-1287).
 */
export function podRequests(pod: Pod, options: RequestOptions = {}): Resources {
  const { spec, status } = pod;
  if (!spec) return new Resources();
  const total = containersTotal(pod, spec, options);
  const whole = spec.resources?.requests;
  if (!options.containersOnly && hasPodLevelRequests(spec)) {
    const effective = Resources.of(isInfeasible(pod) && status?.resources ? undefined : whole);
    if (status?.resources) {
      effective.raise(Resources.of(status.resources.requests));
      effective.raise(Resources.of(status.allocatedResources));
    }
    for (const name of new Set([...Object.keys(whole ?? {}), ...effective.names()])) {
      if (isPodLevelResource(name)) total.set(name, effective.get(name));
    }
  }
  if (spec.overhead) total.add(Resources.of(spec.overhead));
  return total;
}

/** What nodes are ranked by: with assumed amounts for all that containers of the pod do not say. */
export const assumeAll: Assumptions = { cpu: true, memory: true };

/** As nodes count a pod that is on them: what is said for the pod as a whole leaves nothing to assume. `requests`: its own. */
export function assumptionsWhenPlaced(pod: Pod, requests: Resources): Assumptions {
  const { spec } = pod;
  if (!spec || !hasPodLevelRequests(spec)) return assumeAll;
  // What will never be granted says nothing.
  const containers = isInfeasible(pod) ? [] : [...spec.containers, ...spec.initContainers ?? []];
  const lists = [spec.resources, ...containers.map(({ resources }) => resources)];
  const says = (name: string) =>
    requests.get(name) > 0 || spec.overhead?.[name] !== undefined ||
    lists.some((resources) => resources?.requests?.[name] !== undefined);
  return { cpu: !says("cpu"), memory: !says("memory") };
}

function hasPodLevelRequests({ resources }: PodSpec): boolean {
  for (const name in resources?.requests) if (isPodLevelResource(name)) return true;
  return false;
}

/** What a container counts with, from its spec and status. */
type Counted = (
  container: Container,
  status: ContainerStatus | undefined,
  infeasible: boolean,
) => List | undefined;

const asked: Counted = ({ resources }) => resources?.requests;
const allocated: Counted = (container, status, infeasible) =>
  status?.allocatedResources ?? (infeasible ? undefined : container.resources?.requests);
const used: Counted = (container, status, infeasible) =>
  status?.resources?.requests ?? allocated(container, status, infeasible);

function containersTotal(pod: Pod, spec: PodSpec, options: RequestOptions): Resources {
  const { status } = pod;
  if (!hasOwnAmounts(pod) && !isInfeasible(pod)) {
    return totalOf(pod, spec, { ...options, counted: asked });
  }
  const total = isInfeasible(pod)
    ? new Resources()
    : totalOf(pod, spec, { ...options, counted: asked });
  if (status?.allocatedResources && status.resources?.requests) {
    total.raise(Resources.of(status.allocatedResources));
    total.raise(Resources.of(status.resources.requests));
    return total;
  }
  total.raise(totalOf(pod, spec, { ...options, counted: allocated }));
  total.raise(totalOf(pod, spec, { ...options, counted: used }));
  return total;
}

/** Whether the node has said what it gave: most pods that are seen here have no node yet. */
function hasOwnAmounts({ status }: Pod): boolean {
  if (!status) return false;
  const has = (list: readonly ContainerStatus[] | undefined) =>
    list?.some(({ resources, allocatedResources }) => resources?.requests ?? allocatedResources);
  return !!(has(status.containerStatuses) || has(status.initContainerStatuses) ||
    status.allocatedResources);
}

interface TotalOptions extends RequestOptions {
  readonly counted: Counted;
}

function totalOf(pod: Pod, spec: PodSpec, options: TotalOptions): Resources {
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

function containerRequests(
  pod: Pod,
  container: Container,
  { assumed, counted }: TotalOptions,
): Resources {
  const named = ({ name }: ContainerStatus) => name === container.name;
  const status = counted === asked ? undefined : pod.status?.containerStatuses?.find(named) ??
    pod.status?.initContainerStatuses?.find(named);
  const list = counted(container, status, isInfeasible(pod));
  const requests = Resources.of(list);
  if (assumed?.cpu && list?.["cpu"] === undefined) requests.milliCPU = assumedMilliCPU;
  if (assumed?.memory && list?.["memory"] === undefined) requests.memory = assumedMemory;
  return requests;
}

/** The node will never grant what is asked, so only what is given counts. */
function isInfeasible(pod: Pod): boolean {
  const pending = pod.status?.conditions?.find(({ type }) => type === "PodResizePending");
  return pending?.reason === "Infeasible";
}
