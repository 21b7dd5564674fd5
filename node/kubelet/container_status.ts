import type {
  ContainerState as ApiContainerState,
  ContainerStateTerminated,
  ContainerStatus,
} from "../../shared/api/core/v1/types.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import type { ContainerState } from "../runtime/runtime_service.ts";
import { attemptOf, type PodContainer, START_ERROR_CODE } from "./pod_containers.ts";
import type { WaitingReason } from "./sync_pod.ts";

/** What a container's status is made of. */
export interface ContainerStatusInput {
  readonly one: PodContainer;
  /** Its runs, newest first. */
  readonly runs: readonly ContainerState[];
  /** What the API knows of it; carries what runs that are gone left behind. */
  readonly previous: ContainerStatus | undefined;
  readonly waiting: WaitingReason | undefined;
  /** Reason while nothing else is known: `ContainerCreating` or `PodInitializing`. */
  readonly defaultReason: string;
  readonly ready: boolean;
  readonly started: boolean;
  /** `podman`: the scheme of container IDs. */
  readonly runtimeName: string;
  imageIdOf(state: ContainerState): string;
  /** What the program left in its termination message file; or why it could not be started. */
  messageOf(state: ContainerState): string;
  /** Nothing of the pod will run again. */
  readonly isTerminal: boolean;
}

/** One entry of `status.containerStatuses`. */
export function containerStatus(input: ContainerStatusInput): ContainerStatus {
  const { one: { container }, runs, previous, runtimeName } = input;
  const [newest, ...older] = runs;
  const state = stateOf(input, newest);
  const lastState = lastStateOf(input, state, newest, older);
  const run = newest ?? undefined;
  return {
    name: container.name,
    state,
    lastState,
    ready: input.ready,
    restartCount: run ? attemptOf(run) : previous?.restartCount ?? 0,
    image: container.image ?? "",
    imageID: run ? input.imageIdOf(run) : previous?.imageID ?? "",
    ...(run ? { containerID: `${runtimeName}://${run.id}` } : keepId(previous)),
    started: input.started,
    ...(container.resources && Object.keys(container.resources).length > 0 && {
      resources: container.resources,
    }),
    ...(container.resources?.requests && { allocatedResources: container.resources.requests }),
    ...mountsOf(input),
  };
}

function keepId(previous: ContainerStatus | undefined): { containerID?: string } {
  return previous?.containerID ? { containerID: previous.containerID } : {};
}

function stateOf(
  input: ContainerStatusInput,
  newest: ContainerState | undefined,
): ApiContainerState {
  if (newest?.state === "running") return { running: { startedAt: timestamp(newest.startedAt) } };
  if (input.waiting && !input.isTerminal) return { waiting: input.waiting };
  if (newest) return { terminated: terminatedOf(input, newest) };
  if (input.isTerminal) return endedUnseen(input);
  return { waiting: { reason: input.defaultReason } };
}

/** A pod that ended while this container had not been seen to end: what the API knows, or that nobody knows. */
function endedUnseen({ previous }: ContainerStatusInput): ApiContainerState {
  if (previous?.state?.terminated) return previous.state;
  if (!previous?.state?.running) {
    return previous?.state ?? { waiting: { reason: "ContainerCreating" } };
  }
  return {
    terminated: {
      exitCode: 137,
      reason: "ContainerStatusUnknown",
      message: "The container could not be located when the pod was terminated",
    },
  };
}

function lastStateOf(
  input: ContainerStatusInput,
  state: ApiContainerState,
  newest: ContainerState | undefined,
  older: readonly ContainerState[],
): ApiContainerState {
  if (newest && state.waiting) return { terminated: terminatedOf(input, newest) };
  const before = older.find((run) => run.state !== "running");
  if (before) return { terminated: terminatedOf(input, before) };
  if (!newest && input.previous?.state?.terminated && state.waiting) return input.previous.state;
  return newest && attemptOf(newest) > 0 ? input.previous?.lastState ?? {} : {};
}

/** How a run ended, in the reference's reasons. */
function terminatedOf(input: ContainerStatusInput, run: ContainerState): ContainerStateTerminated {
  const containerID = `${input.runtimeName}://${run.id}`;
  const message = input.messageOf(run);
  if (run.state === "created") {
    return {
      exitCode: START_ERROR_CODE,
      reason: "StartError",
      ...(message && { message }),
      startedAt: timestamp(0),
      finishedAt: timestamp(run.createdAt),
      containerID,
    };
  }
  return {
    exitCode: run.exitCode,
    reason: run.oomKilled ? "OOMKilled" : run.exitCode === 0 ? "Completed" : "Error",
    ...(message && { message }),
    startedAt: timestamp(run.startedAt),
    finishedAt: timestamp(run.finishedAt),
    containerID,
  };
}

function mountsOf({ one: { container } }: ContainerStatusInput): Partial<ContainerStatus> {
  const { volumeMounts } = container;
  if (!volumeMounts?.length) return {};
  return {
    volumeMounts: volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly && { readOnly, recursiveReadOnly: "Disabled" }),
    })),
  };
}
