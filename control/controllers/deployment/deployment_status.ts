import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from "../../../shared/api/apps/v1/types.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { findCondition } from "../../../shared/meta/conditions.ts";
import { type RolloutState, sizeOf, totalSize, unavailableOf } from "./rollout_plan.ts";

type Condition = DeploymentCondition & { type: string; status: string };
/** What this run did about the current set. */
export type Step = "created" | "found" | "none";

export interface StatusOptions {
  readonly step: Step;
  /** Wall-clock milliseconds. */
  readonly now: number;
}

/** Whether everything is rolled out and available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const want = sizeOf(deployment);
  return (status.updatedReplicas ?? 0) === want && (status.replicas ?? 0) === want &&
    (status.availableReplicas ?? 0) === want &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
}

/** The status that the sets amount to. */
export function deploymentStatus(
  deployment: Deployment,
  state: RolloutState,
  options: StatusOptions,
): DeploymentStatus {
  const { current, old } = state;
  const all = current ? [...old, current] : old;
  const sum = (count: (set: ReplicaSet) => number | undefined) =>
    all.reduce((total, set) => total + (count(set) ?? 0), 0);
  const available = sum((set) => set.status?.availableReplicas);
  const collisions = deployment.status?.collisionCount;
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation,
    replicas: sum((set) => set.status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum((set) => set.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalSize(all) - available),
    terminatingReplicas: sum((set) => set.status?.terminatingReplicas),
    ...(collisions !== undefined && { collisionCount: collisions }),
  };
  const conditions = new Conditions(deployment.status?.conditions, options.now);
  conditions.set(availability(deployment, available));
  const { spec } = deployment;
  if (spec.paused) setPaused(conditions, deployment);
  else setProgress(conditions, { deployment, state, status, ...options });
  const failure = all.toReversed().flatMap((set) => set.status?.conditions ?? [])
    .find(({ type }) => type === "ReplicaFailure");
  if (failure) conditions.set({ ...failure, type: "ReplicaFailure", status: failure.status! });
  else conditions.remove("ReplicaFailure");
  status.conditions = [...conditions.list];
  return status;
}

/** Milliseconds until progress is overdue, if that is to be watched for. */
export function overdueInMs(
  deployment: Deployment,
  status: DeploymentStatus,
  now: number,
): number | undefined {
  const condition = findCondition(status.conditions as Condition[] | undefined, "Progressing");
  const deadline = deadlineOf(deployment);
  if (deadline === undefined || !condition?.lastUpdateTime) return undefined;
  const { reason = "" } = condition;
  if (["NewReplicaSetAvailable", "ProgressDeadlineExceeded"].includes(reason)) return undefined;
  if (isComplete(deployment, status) || deployment.spec.paused) return undefined;
  return Math.max(0, Date.parse(condition.lastUpdateTime) + deadline * 1000 - now) + 1000;
}

/** The largest value means "no deadline". */
function deadlineOf({ spec }: Deployment): number | undefined {
  const { progressDeadlineSeconds: deadline } = spec;
  return deadline === 0x7fffffff ? undefined : deadline;
}

function availability(deployment: Deployment, available: number): Condition {
  return available >= sizeOf(deployment) - unavailableOf(deployment)
    ? {
      type: "Available",
      status: "True",
      reason: "MinimumReplicasAvailable",
      message: "Deployment has minimum availability.",
    }
    : {
      type: "Available",
      status: "False",
      reason: "MinimumReplicasUnavailable",
      message: "Deployment does not have minimum availability.",
    };
}

function setPaused(conditions: Conditions, deployment: Deployment): void {
  if (deadlineOf(deployment) === undefined) return;
  if (conditions.find("Progressing")?.reason === "ProgressDeadlineExceeded") return;
  conditions.set({
    type: "Progressing",
    status: "Unknown",
    reason: "DeploymentPaused",
    message: "Deployment is paused",
  });
}

interface Progress extends StatusOptions {
  readonly deployment: Deployment;
  readonly state: RolloutState;
  readonly status: DeploymentStatus;
}

function setProgress(conditions: Conditions, progress: Progress): void {
  const { deployment, state, status, step, now } = progress;
  const deadline = deadlineOf(deployment);
  if (deadline === undefined) return conditions.remove("Progressing");
  if (conditions.find("Progressing")?.reason === "DeploymentPaused") {
    conditions.set({
      type: "Progressing",
      status: "Unknown",
      reason: "DeploymentResumed",
      message: "Deployment is resumed",
    });
  }
  const set = state.current?.metadata.name;
  const progressing = (status: string, reason: string, message: string): Condition => ({
    type: "Progressing",
    status,
    reason,
    message,
  });
  if (step === "created") {
    const message = `Created new replica set "${set}"`;
    conditions.set(progressing("True", "NewReplicaSetCreated", message));
  } else if (step === "found" && !conditions.find("Progressing")) {
    const message = `Found new replica set "${set}"`;
    conditions.set(progressing("True", "FoundNewReplicaSet", message));
  }
  const known = conditions.find("Progressing");
  const isDone = known?.reason === "NewReplicaSetAvailable" &&
    status.replicas === status.updatedReplicas;
  if (isDone) return;
  const what = set === undefined
    ? `Deployment "${deployment.metadata.name}"`
    : `ReplicaSet "${set}"`;
  if (isComplete(deployment, status)) {
    const message = `${what} has successfully progressed.`;
    conditions.set(progressing("True", "NewReplicaSetAvailable", message));
  } else if (hasMoved(deployment.status, status)) {
    const message = `${what} is progressing.`;
    conditions.renew(progressing("True", "ReplicaSetUpdated", message));
  } else if (isOverdue(known, deadline, now)) {
    const message = `${what} has timed out progressing.`;
    conditions.set(progressing("False", "ProgressDeadlineExceeded", message));
  }
}

/** Whether a rollout got any further between two looks at it. */
function hasMoved(before: DeploymentStatus = {}, now: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  const grew = (field: "updatedReplicas" | "readyReplicas" | "availableReplicas") =>
    (now[field] ?? 0) > (before[field] ?? 0);
  return grew("updatedReplicas") || old(now) < old(before) || grew("readyReplicas") ||
    grew("availableReplicas");
}

function isOverdue(known: Condition | undefined, deadline: number, now: number): boolean {
  if (!known || known.reason === "NewReplicaSetAvailable") return false;
  if (known.reason === "ProgressDeadlineExceeded") return true;
  return Date.parse(known.lastUpdateTime ?? "") + deadline * 1000 < now;
}

/** The conditions of a Deployment, which have a time of update besides that of transition. */
class Conditions {
  #list: readonly Condition[];
  readonly #now: string;

  constructor(list: readonly DeploymentCondition[] | undefined, now: number) {
    this.#list = (list ?? []) as readonly Condition[];
    this.#now = timestamp(now);
  }

  get list(): readonly Condition[] {
    return this.#list;
  }

  find(type: string): Condition | undefined {
    return findCondition(this.#list, type);
  }

  /** Does nothing if status and reason stay. */
  set(condition: Condition): void {
    const known = this.find(condition.type);
    if (known?.status === condition.status && known.reason === condition.reason) return;
    this.renew(condition);
  }

  /** Sets it as of now even if it says what it said. */
  renew({ type, status, reason, message }: Condition): void {
    const known = this.find(type);
    const lastTransitionTime = known?.status === status ? known.lastTransitionTime : this.#now;
    const lastUpdateTime = this.#now;
    const next = { type, status, lastUpdateTime, lastTransitionTime, reason, message };
    this.#list = [...this.#list.filter((condition) => condition.type !== type), next];
  }

  remove(type: string): void {
    if (this.find(type)) this.#list = this.#list.filter((condition) => condition.type !== type);
  }
}
