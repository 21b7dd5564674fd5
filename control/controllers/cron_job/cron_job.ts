import { isDeepStrictEqual } from "node:util";
import type { CronJob, CronJobStatus, Job } from "../../../shared/api/batch/v1/types.gen.ts";
import type { ObjectReference } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { type Informer, keyOf } from "../../../shared/informer/informer.ts";
import { OwnWrites } from "../../../shared/informer/own_writes.ts";
import { isConditionTrue } from "../../../shared/meta/conditions.ts";
import { matchNothing } from "../../../shared/meta/labels.ts";
import {
  controllerReferenceTo,
  isBeingDeleted,
  isControlledBy,
} from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import {
  type ControllerContext,
  type ControllerDefinition,
  done,
  type Result,
} from "../controller.ts";
import { isFinished } from "../job/job.ts";
import { controlledBy, enqueueOwners } from "../pods/ownership.ts";
import { isNamespaceTerminating } from "../pods/pod_control.ts";
import { type Due, dueAt, parseSchedule, type Schedule } from "./schedule.ts";

const SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/** Jobs must be seen as started; a little later is soon enough. */
const SLACK_MS = 100;

/** Starts a Job whenever a CronJob's time has come. */
export const cronJobController: ControllerDefinition = {
  name: "cronjob",
  account: "cronjob-controller",
  workers: 5,
  setup(context) {
    const cronJobs = context.informers.of(resources.cronjobs);
    const jobs = context.informers.of(resources.jobs);
    enqueueOwners(
      { owners: cronJobs, owned: jobs, selectorOf: () => matchNothing },
      context.enqueue,
    );
    cronJobs.onChange((cronJob) => cronJob && context.enqueue(keyOf(cronJob)));
    const loop = new CronLoop(context, cronJobs, jobs);
    return (key) => loop.reconcile(key);
  },
};

class CronLoop {
  readonly #context: ControllerContext;
  readonly #jobs: Informer<Job>;
  readonly #writes: OwnWrites<CronJob>;
  readonly #jobWrites: OwnWrites<Job>;

  constructor(context: ControllerContext, cronJobs: Informer<CronJob>, jobs: Informer<Job>) {
    this.#context = context;
    this.#jobs = jobs;
    this.#writes = new OwnWrites(cronJobs);
    this.#jobWrites = new OwnWrites(jobs);
  }

  async reconcile(key: string): Promise<Result> {
    const { clock, events } = this.#context;
    const cronJob = this.#writes.get(key);
    if (!cronJob || isBeingDeleted(cronJob)) return done;
    const mine = this.#jobWrites.overlay(
      controlledBy(this.#jobs, cronJob.metadata.uid),
      (job) => isControlledBy(job, cronJob),
    ).filter((job) => !this.#jobWrites.isGoing(job));
    let status = this.#observe(cronJob, mine);
    await this.#forgetOld(cronJob, mine);
    let schedule: Schedule;
    try {
      schedule = parseSchedule(cronJob.spec.schedule, cronJob.spec.timeZone);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `unparseable schedule: "${cronJob.spec.schedule}" : ${why}`;
      events.event(cronJob, "Warning", "UnparseableSchedule", message);
      await this.#writeStatus(cronJob, status);
      return done;
    }
    const now = clock.now();
    const due = dueAt({ ...cronJob, status }, schedule, now);
    if (!cronJob.spec.suspend) status = await this.#start(cronJob, { due, status, mine });
    await this.#writeStatus(cronJob, status);
    if (cronJob.spec.suspend || due.next === undefined) return done;
    return { requeueAfterMs: due.next - now + SLACK_MS };
  }

  /** The status as the Jobs show it. */
  #observe(cronJob: CronJob, mine: readonly Job[]): CronJobStatus {
    const { events } = this.#context;
    const { status: old = {} } = cronJob;
    const active: ObjectReference[] = [];
    let { lastSuccessfulTime } = old;
    for (const job of mine) {
      const known = old.active?.find(({ uid }) => uid === job.metadata.uid);
      if (!isFinished(job)) {
        active.push(known ?? referenceTo(job));
        continue;
      }
      const complete = isConditionTrue(job.status?.conditions, "Complete");
      if (known) {
        const condition = complete ? "Complete" : "Failed";
        const message = `Saw completed job: ${job.metadata.name}, condition: ${condition}`;
        events.event(cronJob, "Normal", "SawCompletedJob", message);
      }
      const ended = complete ? job.status?.completionTime : undefined;
      if (ended && (lastSuccessfulTime ?? "") < ended) lastSuccessfulTime = ended;
    }
    return {
      ...(old.lastScheduleTime && { lastScheduleTime: old.lastScheduleTime }),
      ...(lastSuccessfulTime && { lastSuccessfulTime }),
      ...(active.length > 0 && { active }),
    };
  }

  async #start(
    cronJob: CronJob,
    { due, status, mine }: { due: Due; status: CronJobStatus; mine: readonly Job[] },
  ): Promise<CronJobStatus> {
    const { client, events } = this.#context;
    if (due.tooMany) {
      const message =
        "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
      events.event(cronJob, "Warning", "TooManyMissedTimes", message);
    }
    if (due.at === undefined) return status;
    const { concurrencyPolicy } = cronJob.spec;
    const running = mine.filter((job) => !isFinished(job));
    if (concurrencyPolicy === "Forbid" && running.length > 0) {
      const message =
        "Not starting job because prior execution is running and concurrency policy is Forbid";
      events.event(cronJob, "Normal", "JobAlreadyActive", message);
      return status;
    }
    let { active = [] } = status;
    if (concurrencyPolicy === "Replace") {
      for (const job of running) await this.#delete(cronJob, job);
      active = [];
    }
    const lastScheduleTime = timestamp(due.at);
    try {
      const job = await client.create(resources.jobs, newJob(cronJob, due.at));
      this.#jobWrites.wrote(job);
      const message = `Created job ${job.metadata.name}`;
      events.event(cronJob, "Normal", "SuccessfulCreate", message);
      active = [...active, referenceTo(job)];
    } catch (error) {
      // The name tells the time: it was started before, and only the status not written.
      if (isNamespaceTerminating(error)) return status;
      if (!isStatus(error, "AlreadyExists")) {
        const why = error instanceof Error ? error.message : String(error);
        events.event(cronJob, "Warning", "FailedCreate", `Error creating job: ${why}`);
        throw error;
      }
    }
    return { ...status, lastScheduleTime, ...(active.length > 0 && { active }) };
  }

  async #forgetOld(cronJob: CronJob, mine: readonly Job[]): Promise<void> {
    const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec;
    const age = (job: Job) => job.status?.startTime ?? job.metadata.creationTimestamp ?? "";
    const finished = mine.filter(isFinished).sort((a, b) => age(a) < age(b) ? -1 : 1);
    const { true: good = [], false: bad = [] } = Object.groupBy(
      finished,
      (job) => isConditionTrue(job.status?.conditions, "Complete") ? "true" : "false",
    );
    const spare = [
      ...good.slice(0, Math.max(0, good.length - successfulJobsHistoryLimit)),
      ...bad.slice(0, Math.max(0, bad.length - failedJobsHistoryLimit)),
    ];
    for (const job of spare) await this.#delete(cronJob, job);
  }

  async #delete(cronJob: CronJob, job: Job): Promise<void> {
    const { client, events } = this.#context;
    const { namespace, name = "" } = job.metadata;
    try {
      await client.delete(resources.jobs, { namespace, name }, {
        propagationPolicy: "Background",
      });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
    this.#jobWrites.deleted(job);
    events.event(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${name}`);
  }

  async #writeStatus(cronJob: CronJob, status: CronJobStatus): Promise<void> {
    if (isDeepStrictEqual(status, cronJob.status ?? {})) return;
    this.#writes.wrote(
      await this.#context.client.update(resources.cronjobs, { ...cronJob, status }, {
        subresource: "status",
      }),
    );
  }
}

function newJob(cronJob: CronJob, at: number): Job {
  const { metadata, spec: { jobTemplate } } = cronJob;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  return {
    kind: "Job",
    apiVersion: "batch/v1",
    metadata: {
      // The same time gives the same name, so no time is started twice.
      name: `${metadata.name}-${Math.floor(at / 60_000)}`,
      namespace: metadata.namespace,
      ...(labels && { labels }),
      annotations: { ...annotations, [SCHEDULED]: timestamp(at) },
      ownerReferences: [controllerReferenceTo(cronJob)],
    },
    ...(jobTemplate.spec && { spec: jobTemplate.spec }),
  };
}

function referenceTo({ kind, apiVersion, metadata }: Job): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { kind, apiVersion, namespace, name, uid, resourceVersion };
}
