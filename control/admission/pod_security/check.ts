import type { Container, PodSpec } from "../../../shared/api/core/v1/types.gen.ts";
import type { ObjectMeta } from "../../../shared/meta/types.gen.ts";

/** A pod, or the template of one. */
export interface PodLike {
  readonly metadata?: ObjectMeta | undefined;
  readonly spec: PodSpec;
}

/** Why a pod does not meet a check: in a word, and what exactly. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** How a check is made from a minor version of Kubernetes on, until the next one. */
export interface CheckVersion {
  readonly since: number;
  run(pod: PodLike): Violation | undefined;
  /** A baseline check that this one contains. */
  readonly replaces?: string;
}

/** One control of the Pod Security Standards. Checks run in the order of their ids, baseline first. */
export interface Check {
  readonly id: string;
  readonly versions: readonly CheckVersion[];
}

/** Init containers, containers and ephemeral containers. */
export function containersOf(spec: PodSpec): readonly Container[] {
  return [
    ...spec.initContainers ?? [],
    ...spec.containers,
    ...(spec.ephemeralContainers ?? []) as Container[],
  ];
}

/** Names of the containers for which `bad` holds. */
export function namesWhere(spec: PodSpec, bad: (container: Container) => boolean): string[] {
  return containersOf(spec).filter(bad).map(({ name }) => name);
}

/** `"a", "b"`. */
export function quoted(values: readonly string[]): string {
  return values.map((value) => `"${value}"`).join(", ");
}

/** Distinct values in order. */
export function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

/** `container "a"`, `containers "a", "b"`. */
export function namedContainers(names: readonly string[]): string {
  return `${plural("container", names)} ${quoted(names)}`;
}

/** `pod`, `container "a"`, `pod and containers "a", "b"`: who set what must not be set. */
export function setters(pod: boolean, containers: readonly string[]): string {
  return [
    ...(pod ? ["pod"] : []),
    ...(containers.length > 0 ? [namedContainers(containers)] : []),
  ].join(" and ");
}

/** `noun`, or `nouns` unless there is exactly one. */
export function plural(noun: string, things: { readonly length: number }): string {
  return things.length === 1 ? noun : `${noun}s`;
}

/** A pod of Windows has none of what Linux restricts. */
export function unlessWindows(
  run: CheckVersion["run"],
): CheckVersion["run"] {
  return (pod) => pod.spec.os?.name === "windows" ? undefined : run(pod);
}

/** In a user namespace root is nobody outside. */
export function unlessUserNamespace(run: CheckVersion["run"]): CheckVersion["run"] {
  return (pod) => pod.spec.hostUsers === false ? undefined : run(pod);
}
