import type { StatefulSet, StatefulSetStatus } from "../../../shared/api/apps/v1/types.gen.ts";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { REVISION_HASH } from "../history/controller_history.ts";
import { isAvailable, isReady, isTerminal } from "../pods/pod_state.ts";
import { shareOf } from "../pods/share_of.ts";
import { ordinalOf } from "./stateful_pods.ts";

/** What to do next; nothing at all means: wait for a pod to become what it should. */
export interface StatefulPlan {
  /** Ordinals to make, in order. */
  readonly create: readonly number[];
  readonly delete: readonly Pod[];
}

export interface StatefulState {
  readonly pods: readonly Pod[];
  /** Name of the revision that is rolled out. */
  readonly updateRevision: string;
  readonly isGoing: (pod: Pod) => boolean;
  /** Wall-clock milliseconds. */
  readonly now: number;
}

/** First and one past last ordinal. */
export function ordinals({ spec }: StatefulSet): { start: number; end: number } {
  const start = spec.ordinals?.start ?? 0;
  return { start, end: start + (spec.replicas ?? 1) };
}

/** Pods with an ordinal below this keep the old revision. */
export function partitionOf(set: StatefulSet): number {
  return (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0) + ordinals(set).start;
}

export function isUpdated(pod: Pod, updateRevision: string): boolean {
  return pod.metadata.labels?.[REVISION_HASH] === updateRevision;
}

/**
 * Pods are made in the order of their ordinals and taken down in the opposite order. With OrderedReady each step waits
 * until every pod before it is available; with Parallel only updates go one by one.
 */
export function planStateful(set: StatefulSet, state: StatefulState): StatefulPlan {
  const ordered = set.spec.podManagementPolicy !== "Parallel";
  const { start, end } = ordinals(set);
  const byOrdinal = new Map(state.pods.map((pod) => [ordinalOf(set, pod), pod]));
  const good = (pod: Pod) =>
    !state.isGoing(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, state.now);
  const create: number[] = [];
  const remove: Pod[] = [];
  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) create.push(ordinal);
    else if (isTerminal(pod) && !state.isGoing(pod)) remove.push(pod);
    else if (good(pod)) continue;
    if (ordered) return takeFirst(create, remove);
  }
  const condemned = state.pods.filter((pod) => {
    const ordinal = ordinalOf(set, pod) ?? -1;
    return ordinal < start || ordinal >= end;
  }).sort((a, b) => ordinalOf(set, b)! - ordinalOf(set, a)!);
  if (condemned.length > 0 && ordered) {
    const last = condemned[0]!;
    return { create, delete: state.isGoing(last) ? [] : [last] };
  }
  remove.push(...condemned.filter((pod) => !state.isGoing(pod)));
  if (create.length > 0 || remove.length > 0) return { create, delete: remove };
  return { create, delete: updateStep(set, state, { byOrdinal, good }) };
}

function takeFirst(create: readonly number[], remove: readonly Pod[]): StatefulPlan {
  return { create: create.slice(0, 1), delete: remove.slice(0, 1) };
}

/** The pods to replace by ones of the new revision: highest ordinal first, waiting for each that is not well. */
function updateStep(
  set: StatefulSet,
  { updateRevision, isGoing }: StatefulState,
  { byOrdinal, good }: {
    byOrdinal: ReadonlyMap<number | undefined, Pod>;
    good: (pod: Pod) => boolean;
  },
): readonly Pod[] {
  const { updateStrategy, replicas = 1 } = set.spec;
  if (updateStrategy?.type === "OnDelete") return [];
  const { start, end } = ordinals(set);
  const max = updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  let room = Math.max(1, shareOf(max, replicas, "down"));
  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    // An old pod that is broken may be what the update is to mend: it takes no room.
    if (pod && !good(pod) && (isUpdated(pod, updateRevision) || isGoing(pod))) room--;
  }
  const remove: Pod[] = [];
  for (let ordinal = end - 1; ordinal >= Math.max(start, partitionOf(set)); ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (!pod || isUpdated(pod, updateRevision) || isGoing(pod)) continue;
    if (room-- <= 0) break;
    remove.push(pod);
  }
  return remove;
}

export interface Revisions {
  readonly current: string;
  readonly update: string;
}

/** The status that the pods amount to. */
export function statefulStatus(
  set: StatefulSet,
  state: StatefulState,
  revisions: Revisions,
): StatefulSetStatus {
  const { collisionCount, conditions } = set.status ?? {};
  const alive = state.pods.filter((pod) => !isTerminal(pod));
  const steady = alive.filter((pod) => !state.isGoing(pod));
  const minReady = set.spec.minReadySeconds ?? 0;
  const updated = steady.filter((pod) => isUpdated(pod, revisions.update)).length;
  const ready = alive.filter(isReady).length;
  const replicas = set.spec.replicas ?? 1;
  const complete = updated === replicas && ready === replicas && alive.length === replicas &&
    set.spec.updateStrategy?.type !== "OnDelete";
  const current = complete ? revisions.update : revisions.current;
  return {
    ...(set.metadata.generation !== undefined && { observedGeneration: set.metadata.generation }),
    replicas: alive.length,
    readyReplicas: ready,
    availableReplicas: alive.filter((pod) => isAvailable(pod, minReady, state.now)).length,
    currentReplicas: steady.filter((pod) => isUpdated(pod, current)).length,
    updatedReplicas: updated,
    currentRevision: current,
    updateRevision: revisions.update,
    ...(collisionCount !== undefined && { collisionCount }),
    ...(conditions && { conditions }),
  };
}
