import type { Job, JobStatus } from "../../../shared/api/batch/v1/types.gen.ts";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { rankForDeletion } from "../pods/pod_ranking.ts";
import { isTerminal } from "../pods/pod_state.ts";
import { formatIndexes, parseIndexes } from "./index_set.ts";
import { hasFailed, indexOf, isTracked, judgeFailure } from "./job_pods.ts";

/** Terminated pods that one run takes into account; the rest follows in the next. */
const MAX_UNCOUNTED = 500;

/** How far a Job has come, counting what is written and what its pods show. */
export interface Tally {
  readonly succeeded: number;
  readonly failed: number;
  readonly completedIndexes: ReadonlySet<number>;
  /** UIDs that are counted in `succeeded` and `failed` but still to be taken into the counters. */
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** Pods that have been counted, or need not be, and may go. */
  readonly release: readonly Pod[];
  /** The message of a podFailurePolicy that ends the Job. */
  readonly failJob: string | undefined;
}

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === "Indexed";
}

/** Counts pods that have ended: each once, by UID, whether its finalizer is still there or not. */
export function tally(job: Job, pods: readonly Pod[]): Tally {
  const { status = {}, spec } = job;
  const tracked = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid!));
  const completedIndexes = parseIndexes(status.completedIndexes, spec?.completions ?? 0);
  const old = status.uncountedTerminatedPods ?? {};
  const left = (uids: readonly string[] | undefined) =>
    (uids ?? []).filter((uid) => tracked.has(uid));
  const uncounted = { succeeded: left(old.succeeded), failed: left(old.failed) };
  let succeeded = (status.succeeded ?? 0) + (old.succeeded?.length ?? 0);
  let failed = (status.failed ?? 0) + (old.failed?.length ?? 0);
  let failJob: string | undefined;
  const known = new Set([...uncounted.succeeded, ...uncounted.failed]);
  const release = pods.filter((pod) => isTracked(pod) && known.has(pod.metadata.uid!));
  for (const pod of pods) {
    const { uid = "" } = pod.metadata;
    if (!isTracked(pod) || known.has(uid)) continue;
    if (known.size >= MAX_UNCOUNTED) break;
    if (pod.status?.phase === "Succeeded") {
      if (isIndexed(job)) completedIndexes.add(indexOf(pod) ?? -1);
      else {
        uncounted.succeeded.push(uid);
        succeeded++;
      }
    } else if (hasFailed(pod, job)) {
      const verdict = judgeFailure(pod, job);
      if (verdict.action === "FailJob") failJob ??= verdict.message;
      if (verdict.action !== "Ignore") {
        uncounted.failed.push(uid);
        failed++;
      }
    } else continue;
    known.add(uid);
    release.push(pod);
  }
  completedIndexes.delete(-1);
  if (isIndexed(job)) succeeded = completedIndexes.size;
  return { succeeded, failed, completedIndexes, uncounted, release, failJob };
}

/** The counters of the status as the tally has them. */
export function countersOf(job: Job, counted: Tally): JobStatus {
  const { succeeded, failed, uncounted, completedIndexes } = counted;
  return {
    succeeded: isIndexed(job) ? succeeded : succeeded - uncounted.succeeded.length,
    failed: failed - uncounted.failed.length,
    ...(isIndexed(job) && { completedIndexes: formatIndexes(completedIndexes) }),
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length > 0 && { succeeded: [...uncounted.succeeded] }),
      ...(uncounted.failed.length > 0 && { failed: [...uncounted.failed] }),
    },
  };
}

/** How a Job ends. */
export interface Ending {
  readonly type: "Complete" | "Failed";
  readonly reason: string;
  readonly message: string;
}

/** Whether, and why, the Job is over; `active` are its running pods, `now` wall-clock milliseconds. */
export function endingOf(
  job: Job,
  counted: Tally,
  { active, now }: { readonly active: readonly Pod[]; readonly now: number },
): Ending | undefined {
  const { spec, status } = job;
  if (counted.failJob) {
    return { type: "Failed", reason: "PodFailurePolicy", message: counted.failJob };
  }
  const limit = spec?.backoffLimit ?? 6;
  if (counted.failed > limit || restartsExceed(job, active, limit)) {
    const message = "Job has reached the specified backoff limit";
    return { type: "Failed", reason: "BackoffLimitExceeded", message };
  }
  const overdue = deadlineInMs(job, now);
  if (overdue !== undefined && overdue <= 0 && !spec?.suspend && status?.startTime) {
    const message = "Job was active longer than specified deadline";
    return { type: "Failed", reason: "DeadlineExceeded", message };
  }
  const policy = successPolicyMet(job, counted);
  if (policy) return { type: "Complete", reason: "SuccessPolicy", message: policy };
  const { completions } = spec ?? {};
  const complete = completions === undefined
    ? counted.succeeded > 0 && active.length === 0
    : counted.succeeded >= completions;
  if (!complete || (completions === 0 && active.length > 0)) return undefined;
  const message = "Reached expected number of succeeded pods";
  return { type: "Complete", reason: "CompletionsReached", message };
}

/** Milliseconds until `activeDeadlineSeconds` is over. */
export function deadlineInMs({ spec, status }: Job, now: number): number | undefined {
  if (spec?.activeDeadlineSeconds === undefined || !status?.startTime) return undefined;
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000 - now;
}

/** With restartPolicy OnFailure the restarts within running pods count. */
function restartsExceed({ spec }: Job, active: readonly Pod[], limit: number): boolean {
  if (spec?.template.spec?.restartPolicy !== "OnFailure") return false;
  let restarts = 0;
  for (const { status } of active) {
    const statuses = [
      ...status?.initContainerStatuses ?? [],
      ...status?.containerStatuses ?? [],
    ];
    restarts += statuses.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  }
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function successPolicyMet({ spec }: Job, { completedIndexes }: Tally): string | undefined {
  for (const [at, rule] of (spec?.successPolicy?.rules ?? []).entries()) {
    const wanted = rule.succeededIndexes === undefined
      ? undefined
      : parseIndexes(rule.succeededIndexes, spec?.completions ?? 0);
    const matching = wanted ? wanted.intersection(completedIndexes).size : completedIndexes.size;
    if (matching >= (rule.succeededCount ?? wanted?.size ?? Infinity)) {
      return `Matched rules at index ${at}`;
    }
  }
  return undefined;
}

/** Which pods to make and which to stop while the Job goes on. */
export interface JobPlan {
  /** One entry for each pod; the index for an indexed Job. */
  readonly create: readonly (number | undefined)[];
  readonly delete: readonly Pod[];
}

/** `pods` are all pods of the Job that have not ended, going ones included. */
export function planJob(
  job: Job,
  counted: Tally,
  { pods, isGoing, now }: {
    readonly pods: readonly Pod[];
    readonly isGoing: (pod: Pod) => boolean;
    readonly now: number;
  },
): JobPlan {
  const { completions, parallelism = 1, podReplacementPolicy } = job.spec ?? {};
  const active = pods.filter((pod) => !isTerminal(pod) && !isGoing(pod));
  const doubled = isIndexed(job) ? duplicates(active, counted.completedIndexes, completions) : [];
  const kept = active.filter((pod) => !doubled.includes(pod));
  let want = completions === undefined
    ? counted.succeeded > 0 ? Math.min(kept.length, parallelism) : parallelism
    : Math.min(completions - counted.succeeded, parallelism);
  want = Math.max(0, want);
  const excess = rankForDeletion(kept, { perNode: new Map(), now })
    .slice(0, Math.max(0, kept.length - want));
  const onlyFailed = podReplacementPolicy === "Failed" || job.spec?.podFailurePolicy !== undefined;
  const going = onlyFailed ? pods.length - active.length : 0;
  const missing = Math.max(0, want - kept.length - going);
  return {
    create: isIndexed(job)
      ? freeIndexes(missing, { completions, kept, counted })
      : Array.from({ length: missing }, () => undefined),
    delete: [...doubled, ...excess],
  };
}

/** Pods for an index that is done, is out of range, or has an older pod. */
function duplicates(
  active: readonly Pod[],
  completed: ReadonlySet<number>,
  completions = 0,
): readonly Pod[] {
  const seen = new Set<number>();
  const byAge = active.toSorted((a, b) =>
    (a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1
  );
  return byAge.filter((pod) => {
    const index = indexOf(pod);
    if (index === undefined || index >= completions || completed.has(index)) return true;
    if (seen.has(index)) return true;
    seen.add(index);
    return false;
  });
}

function freeIndexes(
  count: number,
  { completions = 0, kept, counted }: {
    completions: number | undefined;
    kept: readonly Pod[];
    counted: Tally;
  },
): readonly number[] {
  const taken = new Set(kept.map(indexOf));
  const free: number[] = [];
  for (let index = 0; index < completions && free.length < count; index++) {
    if (!taken.has(index) && !counted.completedIndexes.has(index)) free.push(index);
  }
  return free;
}
