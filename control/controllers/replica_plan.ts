import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { ReplicaSetCondition, ReplicaSetStatus } from "../../shared/api/apps/v1/types.gen.ts";
import type { Labels } from "../../shared/meta/labels.ts";
import { findCondition, removeCondition, setCondition } from "../../shared/meta/conditions.ts";
import { BURST } from "./pods/batches.ts";
import { rankForDeletion } from "./pods/pod_ranking.ts";
import { isActive, isAvailable, isReady, isTerminal } from "./pods/pod_state.ts";

/** What to do so that there are as many pods as wanted. */
export type ReplicaPlan =
  | { readonly do: "nothing" }
  | { readonly do: "create"; readonly count: number }
  | { readonly do: "delete"; readonly pods: readonly Pod[] };

export interface ReplicaPlanOptions {
  /** Pods on each node of this set and of those that serve the same purpose. */
  readonly perNode: ReadonlyMap<string, number>;
  /** Wall-clock milliseconds. */
  readonly now: number;
}

/** How to get from the `active` pods to `want`, at most 500 pods at a time. */
export function planReplicas(
  want: number,
  active: readonly Pod[],
  options: ReplicaPlanOptions,
): ReplicaPlan {
  const missing = want - active.length;
  if (missing > 0) return { do: "create", count: Math.min(missing, BURST) };
  if (missing === 0) return { do: "nothing" };
  const pods = want === 0 ? active : rankForDeletion(active, options);
  return { do: "delete", pods: pods.slice(0, Math.min(-missing, BURST)) };
}

export interface StatusOptions {
  readonly minReadySeconds: number;
  readonly templateLabels: Labels;
  readonly generation: number | undefined;
  /** What went wrong while carrying out the plan, if anything. */
  readonly failure: ReplicaFailure | undefined;
  /** Wall-clock milliseconds; `time` is the same as a `metav1.Time`. */
  readonly now: number;
  readonly time: string;
}
export interface ReplicaFailure {
  readonly reason: "FailedCreate" | "FailedDelete";
  readonly message: string;
}

/** The status that the pods amount to. Conditions of others are kept. */
export function replicaStatus(
  old: ReplicaSetStatus | undefined,
  pods: readonly Pod[],
  options: StatusOptions,
): ReplicaSetStatus {
  const { minReadySeconds, now, generation } = options;
  const active = pods.filter(isActive);
  const terminating = pods.filter((pod) => !isActive(pod) && !isTerminal(pod));
  const labels = Object.entries(options.templateLabels ?? {});
  const labeled = active.filter(({ metadata }) =>
    labels.every(([key, value]) => metadata.labels?.[key] === value)
  );
  const conditions = failureCondition(old?.conditions, options);
  return {
    replicas: active.length,
    fullyLabeledReplicas: labeled.length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, minReadySeconds, now)).length,
    terminatingReplicas: terminating.length,
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(conditions.length > 0 && { conditions: [...conditions] }),
  };
}

function failureCondition(
  old: readonly ReplicaSetCondition[] | undefined,
  { failure, time }: StatusOptions,
): readonly ReplicaSetCondition[] {
  if (!failure) return removeCondition(asTyped(old), "ReplicaFailure");
  // The first failure stays: each try would write another message otherwise.
  const conditions = asTyped(old);
  if (findCondition(conditions, "ReplicaFailure")) return conditions;
  return setCondition(conditions, { type: "ReplicaFailure", status: "True", ...failure }, time);
}

type TypedCondition = ReplicaSetCondition & { type: string; status: string };

function asTyped(conditions: readonly ReplicaSetCondition[] | undefined): TypedCondition[] {
  return (conditions ?? []) as TypedCondition[];
}
