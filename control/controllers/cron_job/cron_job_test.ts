import assert from "node:assert/strict";
import type { CronJobSpec } from "../../../shared/api/batch/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { templateOf } from "../testing/objects.ts";
import { cronJobController } from "./cron_job.ts";
import { dueAt, parseSchedule } from "./schedule.ts";

const MINUTE = 60_000;
const ref = { namespace: "shop", name: "report" };

async function setup(spec: Partial<CronJobSpec> = {}) {
  const cluster = new FakeCluster();
  await cluster.create(resources.cronjobs, {
    kind: "CronJob",
    apiVersion: "batch/v1",
    metadata: { ...ref },
    spec: {
      schedule: "*/10 * * * *",
      jobTemplate: { spec: { template: templateOf("report") } },
      ...spec,
    },
  });
  await cluster.run(cronJobController);
  const jobs = () => cluster.all(resources.jobs).map(({ metadata }) => metadata.name!);
  const finish = async (name: string, type = "Complete") => {
    cluster.change(resources.jobs, { namespace: "shop", name }, (job) => {
      const completionTime = timestamp(cluster.clock.now());
      job.status = { completionTime, conditions: [{ type, status: "True" }] };
    });
    await cluster.quiet();
  };
  const status = () => cluster.all(resources.cronjobs)[0]!.status!;
  return { cluster, jobs, finish, status };
}

Deno.test("cronjob starts a job at each time, once, and keeps the last ones", async () => {
  const { cluster, jobs, finish, status } = await setup({ successfulJobsHistoryLimit: 1 });
  assert.deepEqual(jobs(), []);
  await cluster.advance(10 * MINUTE);
  const [first] = jobs();
  assert.equal(jobs().length, 1);
  assert.equal(first, `report-${Date.UTC(2026, 0, 1, 0, 10) / MINUTE}`);
  assert.equal(status().lastScheduleTime, "2026-01-01T00:10:00Z");
  assert.equal(status().active![0]!.name, first);
  await finish(first!);
  assert.equal(status().active, undefined);
  assert(status().lastSuccessfulTime);
  await cluster.advance(10 * MINUTE);
  await finish(jobs()[1]!);
  assert.equal(jobs().length, 1);
  assert.notEqual(jobs()[0], first);
  assert(
    cluster.events.includes(
      `Normal SawCompletedJob Saw completed job: ${first}, condition: Complete`,
    ),
  );
  cluster.stop();
});

Deno.test("cronjob keeps its concurrency policy", async () => {
  const forbid = await setup({ concurrencyPolicy: "Forbid" });
  await forbid.cluster.advance(30 * MINUTE);
  assert.equal(forbid.jobs().length, 1);
  await forbid.finish(forbid.jobs()[0]!);
  assert.equal(forbid.jobs().length, 2, "the time that was missed is made up for");
  forbid.cluster.stop();
  const replace = await setup({ concurrencyPolicy: "Replace" });
  await replace.cluster.advance(10 * MINUTE);
  const [first] = replace.jobs();
  await replace.cluster.advance(10 * MINUTE);
  assert.equal(replace.jobs().length, 1);
  assert.notEqual(replace.jobs()[0], first);
  replace.cluster.stop();
});

Deno.test("a suspended cronjob starts nothing", async () => {
  const { cluster, jobs } = await setup({ suspend: true });
  await cluster.advance(60 * MINUTE);
  assert.deepEqual(jobs(), []);
  cluster.stop();
});

Deno.test("dueAt() finds the latest missed time, within the deadline", () => {
  const at = (iso: string) => Date.parse(iso);
  const cronJob = (created: string, startingDeadlineSeconds?: number) => ({
    kind: "CronJob",
    apiVersion: "batch/v1",
    metadata: { creationTimestamp: created },
    spec: {
      schedule: "0 * * * *",
      jobTemplate: {},
      ...(startingDeadlineSeconds !== undefined && { startingDeadlineSeconds }),
    },
  });
  const hourly = parseSchedule("0 * * * *", undefined);
  const now = at("2026-01-01T05:30:00Z");
  const few = dueAt(cronJob("2026-01-01T00:30:00Z"), hourly, now);
  assert.deepEqual([few.at, few.tooMany, few.next], [
    at("2026-01-01T05:00:00Z"),
    false,
    at("2026-01-01T06:00:00Z"),
  ]);
  const many = dueAt(cronJob("2025-01-01T00:00:00Z"), hourly, now);
  assert.deepEqual([many.at, many.tooMany], [at("2026-01-01T05:00:00Z"), true]);
  assert.equal(dueAt(cronJob("2026-01-01T00:30:00Z", 60), hourly, now).at, undefined);
});

Deno.test("parseSchedule() knows time zones, names and durations", () => {
  const from = Date.parse("2026-07-01T00:00:00Z");
  const next = (schedule: string, zone?: string) =>
    timestamp(parseSchedule(schedule, zone).next(from)!);
  assert.equal(next("30 4 * * *", "Europe/Berlin"), "2026-07-01T02:30:00Z");
  assert.equal(next("@hourly"), "2026-07-01T01:00:00Z");
  assert.equal(next("@every 1h30m"), "2026-07-01T01:30:00Z");
  assert.equal(next("0 0 13 * FRI"), "2026-07-03T00:00:00Z");
  assert.throws(() => parseSchedule("bad", undefined));
  assert.throws(() => parseSchedule("@every soon", undefined), TypeError);
});
