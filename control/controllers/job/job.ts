import { isDeepStrictEqual } from "node:util";
import type { Job, JobCondition, JobStatus } from "../../../shared/api/batch/v1/types.gen.ts";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { type Informer, keyOf } from "../../../shared/informer/informer.ts";
import { OwnWrites } from "../../../shared/informer/own_writes.ts";
import { findCondition, isConditionTrue, setCondition } from "../../../shared/meta/conditions.ts";
import { fromLabelSelector } from "../../../shared/meta/labels.ts";
import { controllerOf, isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import {
  type ControllerContext,
  type ControllerDefinition,
  done,
  type Result,
} from "../controller.ts";
import { BURST, slowStart } from "../pods/batches.ts";
import { claim, controlledBy, enqueueOwners } from "../pods/ownership.ts";
import { PodControl } from "../pods/pod_control.ts";
import { isReady, isTerminal } from "../pods/pod_state.ts";
import { FailureBackoff } from "./failure_backoff.ts";
import { isTracked, jobPod, TRACKING } from "./job_pods.ts";
import {
  countersOf,
  deadlineInMs,
  type Ending,
  endingOf,
  planJob,
  type Tally,
  tally,
} from "./job_plan.ts";

const ORPHAN = "orphan ";

/** Runs pods of a Job until as many as asked for have succeeded. */
export const jobController: ControllerDefinition = {
  name: "job",
  account: "job-controller",
  workers: 5,
  setup(context) {
    const { informers, enqueue } = context;
    const jobs = informers.of(resources.jobs);
    const pods = informers.of(resources.pods);
    const selectorOf = ({ spec }: Job) => fromLabelSelector(spec?.selector);
    enqueueOwners({ owners: jobs, owned: pods, selectorOf }, enqueue);
    jobs.onChange((job, previous) => {
      if (job) return enqueue(keyOf(job));
      for (const pod of controlledBy(pods, previous!.metadata.uid)) {
        if (isTracked(pod)) enqueue(ORPHAN + keyOf(pod));
      }
    });
    pods.onChange((pod) => {
      if (pod && isTracked(pod) && isBeingDeleted(pod)) enqueue(ORPHAN + keyOf(pod));
    });
    const loop = new JobLoop(context, jobs, pods);
    return (key) =>
      key.startsWith(ORPHAN) ? loop.letGo(key.slice(ORPHAN.length)) : loop.reconcile(key);
  },
};

/** What one run knows of its Job. */
interface View {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly counted: Tally;
}

class JobLoop {
  readonly #context: ControllerContext;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;
  readonly #writes: OwnWrites<Job>;
  readonly #podWrites: OwnWrites<Pod>;
  readonly #control: PodControl;
  readonly #backoff = new FailureBackoff();

  constructor(context: ControllerContext, jobs: Informer<Job>, pods: Informer<Pod>) {
    this.#context = context;
    this.#jobs = jobs;
    this.#pods = pods;
    this.#writes = new OwnWrites(jobs);
    this.#podWrites = new OwnWrites(pods);
    this.#control = new PodControl(context.client, context.events, this.#podWrites);
  }

  /** Takes the finalizer off a pod that no Job will count any more. */
  async letGo(key: string): Promise<Result> {
    const pod = this.#pods.get(key);
    if (!pod || !isTracked(pod)) return done;
    const owner = controllerOf(pod);
    const job = owner?.kind === "Job"
      ? this.#jobs.get(`${pod.metadata.namespace}/${owner.name}`)
      : undefined;
    if (job && job.metadata.uid === owner?.uid) return done;
    await this.#release(pod);
    return done;
  }

  async reconcile(key: string): Promise<Result> {
    const { clock, client } = this.#context;
    const job = this.#writes.get(key);
    if (!job) return done;
    if (job.spec?.managedBy && job.spec.managedBy !== "kubernetes.io/job-controller") return done;
    const claimed = await claim(job, {
      client,
      owners: this.#jobs,
      owned: this.#pods,
      writes: this.#podWrites,
      selectorOf: ({ spec }) => fromLabelSelector(spec?.selector),
    });
    if (isFinished(job)) {
      for (const pod of claimed.filter(isTracked)) await this.#release(pod);
      this.#backoff.forget(job.metadata.uid!);
      return done;
    }
    const counted = tally(job, claimed);
    const now = clock.now();
    const active = claimed.filter((pod) => !isTerminal(pod) && !this.#podWrites.isGoing(pod));
    const view: View = { job, pods: claimed, active, counted };
    const ending = endingOf(job, counted, { active, now }) ?? announced(job);
    const step = isBeingDeleted(job) && !ending
      ? { active }
      : await this.#carryOut(view, ending, now);
    await this.#record(view, { ending, active: step.active });
    if (step.error !== undefined) throw step.error;
    const waits = [step.waitMs, deadlineInMs(job, now)].filter((ms) => ms !== undefined && ms > 0);
    return waits.length > 0 && !ending ? { requeueAfterMs: Math.min(...waits as number[]) } : done;
  }

  /** The pods that are active afterwards. */
  async #carryOut(
    { job, pods, active, counted }: View,
    ending: Ending | undefined,
    now: number,
  ): Promise<{ active: readonly Pod[]; error?: unknown; waitMs?: number }> {
    if (ending || job.spec?.suspend) {
      // What the end of the Job cuts off has failed; what a pause stops has not.
      const stop = (pod: Pod) => ending ? this.#control.delete(job, pod) : this.#stop(job, pod);
      const results = await Promise.allSettled(active.map(stop));
      const failed = results.find((result) => result.status === "rejected");
      return { active: failed ? active : [], error: failed?.reason };
    }
    const plan = planJob(job, counted, {
      pods: pods.filter((pod) => !isTerminal(pod)),
      isGoing: (pod) => this.#podWrites.isGoing(pod),
      now,
    });
    for (const pod of plan.delete) await this.#stop(job, pod);
    const remaining = active.filter((pod) => !plan.delete.includes(pod));
    const waitMs = this.#backoff.waitOf(job.metadata.uid!, { counted, now });
    if (plan.create.length === 0 || waitMs > 0) {
      return { active: remaining, ...(plan.create.length > 0 && { waitMs }) };
    }
    const indexes = plan.create.slice(0, BURST);
    const { error } = await slowStart(
      indexes.length,
      (i) => this.#control.create(job, jobPod(job, indexes[i])),
    );
    const uid = job.metadata.uid;
    const isMine = (pod: Pod) => controllerOf(pod)?.uid === uid;
    const after = this.#podWrites.overlay(remaining, isMine)
      .filter((pod) => !isTerminal(pod) && !this.#podWrites.isGoing(pod));
    return { active: after, error };
  }

  /**
   * Writes down what was counted before it lets counted pods go, and only then takes them into the counters: whenever
   * this is cut short, no pod is counted twice and none is lost (KEP-2307).
   */
  async #record(
    view: View,
    { ending, active }: { ending: Ending | undefined; active: readonly Pod[] },
  ): Promise<void> {
    const { pods, counted } = view;
    let { job } = view;
    job = await this.#writeStatus(job, this.#nextStatus(view, { ending, active, over: false }));
    for (const pod of counted.release) await this.#release(pod);
    const after = pods.map((pod) => this.#podWrites.get(keyOf(pod)) ?? pod)
      .map((pod) => counted.release.some(isSame(pod)) ? withoutTracking(pod) : pod);
    const flushed = tally(job, after);
    const rest = pods.filter((pod) =>
      !isTerminal(pod) && this.#pods.get(keyOf(pod))?.metadata.uid === pod.metadata.uid
    );
    const over = ending !== undefined && rest.length === 0 && flushed.release.length === 0;
    const next = this.#nextStatus({ ...view, job, counted: flushed }, { ending, active, over });
    await this.#writeStatus(job, next);
  }

  #nextStatus(
    { job, pods, counted }: View,
    { ending, active, over }: {
      ending: Ending | undefined;
      active: readonly Pod[];
      over: boolean;
    },
  ): JobStatus {
    const { clock } = this.#context;
    const now = timestamp(clock.now());
    const { status: old = {}, spec } = job;
    const going = pods.filter((pod) => !isTerminal(pod) && isBeingDeleted(pod));
    const startTime = spec?.suspend ? undefined : old.startTime ?? now;
    const status: JobStatus = {
      ...countersOf(job, counted),
      active: active.length,
      ready: active.filter(isReady).length,
      terminating: going.length,
      ...(startTime !== undefined && { startTime }),
    };
    let conditions = suspendConditions(job, now);
    if (ending) conditions = endConditions(conditions, ending, { over, now });
    if (conditions.length > 0) status.conditions = [...conditions];
    if (over && ending?.type === "Complete") status.completionTime = now;
    return status;
  }

  async #writeStatus(job: Job, status: JobStatus): Promise<Job> {
    const { client, events } = this.#context;
    if (isDeepStrictEqual(withoutZeros(status), withoutZeros(job.status))) return job;
    const written = await client.update(resources.jobs, { ...job, status }, {
      subresource: "status",
    });
    this.#writes.wrote(written);
    const gained =
      status.conditions?.filter(({ type, status }) =>
        findCondition(job.status?.conditions, type)?.status !== status
      ) ?? [];
    for (const { type, status, reason = "", message = "" } of gained) {
      if (type === "Complete") events.event(job, "Normal", "Completed", "Job completed");
      else if (type === "Failed") events.event(job, "Warning", reason, message);
      else if (type === "Suspended") {
        events.event(job, "Normal", status === "True" ? "Suspended" : "Resumed", message);
      }
    }
    return written;
  }

  /** Deletes a pod that shall not be counted. */
  async #stop(job: Job, pod: Pod): Promise<void> {
    if (isTracked(pod)) await this.#release(pod);
    await this.#control.delete(job, pod);
  }

  async #release(pod: Pod): Promise<void> {
    const { namespace, name = "", uid } = pod.metadata;
    const live = this.#podWrites.get(keyOf(pod)) ?? pod;
    const { resourceVersion } = live.metadata;
    const finalizers = live.metadata.finalizers?.filter((it) => it !== TRACKING) ?? [];
    const metadata = { uid, resourceVersion, finalizers };
    try {
      this.#podWrites.wrote(
        await this.#context.client.patch(resources.pods, { namespace, name }, { metadata }, {
          type: "merge",
        }),
      );
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}

function isSame(pod: Pod): (other: Pod) => boolean {
  return (other) => other.metadata.uid === pod.metadata.uid;
}

function withoutTracking(pod: Pod): Pod {
  const finalizers = pod.metadata.finalizers?.filter((name) => name !== TRACKING) ?? [];
  return { ...pod, metadata: { ...pod.metadata, finalizers } };
}

/** Whether the Job is over for good. */
export function isFinished({ status }: Job): boolean {
  return isConditionTrue(status?.conditions, "Complete") ||
    isConditionTrue(status?.conditions, "Failed");
}

/** An ending that was written down before, and is being carried out. */
function announced({ status }: Job): Ending | undefined {
  const failing = findCondition(status?.conditions, "FailureTarget");
  const met = findCondition(status?.conditions, "SuccessCriteriaMet");
  const found = failing?.status === "True" ? failing : met?.status === "True" ? met : undefined;
  if (!found) return undefined;
  const type = found === failing ? "Failed" : "Complete";
  return { type, reason: found.reason ?? "", message: found.message ?? "" };
}

function suspendConditions({ spec, status }: Job, now: string): readonly JobCondition[] {
  const old = status?.conditions ?? [];
  const suspended = isConditionTrue(old, "Suspended");
  if (Boolean(spec?.suspend) === suspended) return old;
  const [state, reason, message] = spec?.suspend
    ? ["True", "JobSuspended", "Job suspended"] as const
    : ["False", "JobResumed", "Job resumed"] as const;
  return setCondition(old, newCondition("Suspended", { status: state, reason, message }, now), now);
}

/** First that the Job is going to end, and when its last pod has, that it has. */
function endConditions(
  old: readonly JobCondition[],
  { type, reason, message }: Ending,
  { over, now }: { over: boolean; now: string },
): readonly JobCondition[] {
  const target = type === "Failed" ? "FailureTarget" : "SuccessCriteriaMet";
  const said = { status: "True", reason, message };
  const conditions = setCondition(old, newCondition(target, said, now), now);
  return over ? setCondition(conditions, newCondition(type, said, now), now) : conditions;
}

function newCondition(
  type: string,
  { status, reason, message }: { status: string; reason: string; message: string },
  now: string,
): JobCondition {
  return { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message };
}

/** The server leaves out some zeros and empty values. */
function withoutZeros(status: JobStatus | undefined): unknown {
  return Object.fromEntries(
    Object.entries(status ?? {}).filter(([, value]) => {
      const empty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
      return value !== 0 && value !== "" && !empty;
    }),
  );
}
