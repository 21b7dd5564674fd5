import type { Container, Pod } from "../../shared/api/core/v1/types.gen.ts";
import { type ContainerState, labelNames } from "../runtime/runtime_service.ts";

/** What a container is to its pod; decides when it is started and what its end means. */
export type ContainerType = "init" | "sidecar" | "app" | "ephemeral";

export interface PodContainer {
  readonly container: Container;
  readonly type: ContainerType;
}

/** Every container of the pod, in the order in which they are started. */
export function podContainers(pod: Pod): PodContainer[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  return [
    ...initContainers.map((container) => ({
      container,
      type: container.restartPolicy === "Always" ? "sidecar" as const : "init" as const,
    })),
    ...containers.map((container) => ({ container, type: "app" as const })),
    ...ephemeralContainers.map((container) => ({ container, type: "ephemeral" as const })),
  ];
}

/** `namespace/name`, for logs. */
export function podKey(pod: Pod): string {
  return `${pod.metadata.namespace ?? ""}/${pod.metadata.name ?? ""}`;
}

export function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? "";
}

export function attemptOf({ labels }: ContainerState): number {
  return Number(labels[labelNames.attempt] ?? 0);
}

/** The runs of one container, newest first. */
export function runsOf(states: readonly ContainerState[], name: string): ContainerState[] {
  return states.filter(({ labels }) => labels[labelNames.containerName] === name)
    .sort((a, b) => attemptOf(b) - attemptOf(a) || b.createdAt - a.createdAt);
}

/** What a container that could never be started is given as its exit code, as CRI runtimes do. */
export const START_ERROR_CODE = 128;

/** How a container ended. One that was created but never ran counts as failed. */
export function exitCodeOf(state: ContainerState): number {
  return state.state === "created" ? START_ERROR_CODE : state.exitCode;
}

/** When it ended, in wall-clock milliseconds. */
export function endedAt(state: ContainerState): number {
  return state.finishedAt || state.createdAt;
}
