import assert from "node:assert/strict";
import type { JobSpec } from "../../../shared/api/batch/v1/types.gen.ts";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { templateOf } from "../testing/objects.ts";
import { formatIndexes, parseIndexes } from "./index_set.ts";
import { jobController } from "./job.ts";

const ref = { namespace: "shop", name: "sum" };

async function setup(spec: Partial<JobSpec> = {}) {
  const cluster = new FakeCluster();
  await cluster.create(resources.jobs, {
    kind: "Job",
    apiVersion: "batch/v1",
    metadata: { ...ref },
    spec: {
      parallelism: 2,
      completions: 3,
      backoffLimit: 2,
      selector: { matchLabels: { app: "sum" } },
      template: templateOf("sum"),
      ...spec,
    },
  });
  await cluster.run(jobController);
  const pods = () => cluster.all(resources.pods);
  const running = () =>
    pods().filter(({ status, metadata }) => !status && !metadata.deletionTimestamp);
  const finish = async (phase: "Succeeded" | "Failed", count = 1, edit?: (pod: Pod) => void) => {
    for (const pod of running().slice(0, count)) {
      cluster.change(resources.pods, pod.metadata as typeof ref, (pod) => {
        pod.status = { phase };
        edit?.(pod);
      });
    }
    await cluster.quiet();
  };
  const job = () => cluster.all(resources.jobs)[0]!;
  const conditions = () =>
    (job().status!.conditions ?? []).map((c) => `${c.type}=${c.status} ${c.reason}`);
  return { cluster, pods, running, finish, job, conditions };
}

Deno.test("job runs pods to completion, counts each once and says when it is done", async () => {
  const { cluster, pods, running, finish, job, conditions } = await setup();
  assert.equal(running().length, 2);
  assert.deepEqual(pods()[0]!.metadata.finalizers, ["batch.kubernetes.io/job-tracking"]);
  assert.equal(job().status!.active, 2);
  await finish("Succeeded");
  assert.equal(running().length, 2);
  await finish("Succeeded");
  assert.equal(running().length, 1);
  assert.deepEqual([job().status!.succeeded, job().status!.active], [2, 1]);
  await finish("Succeeded");
  assert.deepEqual(conditions(), [
    "SuccessCriteriaMet=True CompletionsReached",
    "Complete=True CompletionsReached",
  ]);
  assert.deepEqual([job().status!.succeeded, job().status!.active], [3, 0]);
  assert(job().status!.completionTime);
  assert.deepEqual(pods().flatMap(({ metadata }) => metadata.finalizers), []);
  assert(cluster.events.includes("Normal Completed Job completed"));
  const { length } = cluster.writes;
  await cluster.advance(600_000);
  assert.equal(cluster.writes.length, length);
  cluster.stop();
});

Deno.test("job counts pods that somebody deletes, and no pod twice after a restart", async () => {
  const { cluster, pods, finish, job } = await setup({ completions: 4, backoffLimit: 10 });
  await finish("Succeeded");
  for (const pod of pods()) await cluster.delete(resources.pods, pod.metadata as typeof ref);
  cluster.stop();
  await cluster.run(jobController);
  await cluster.advance(20_000);
  assert.equal(job().status!.succeeded, 1);
  assert.equal(job().status!.failed, 2);
  cluster.stop();
});

Deno.test("job tries again after a growing pause, up to its limit", async () => {
  const { cluster, running, finish, job, conditions } = await setup({ parallelism: 1 });
  await finish("Failed");
  assert.equal(running().length, 0);
  await cluster.advance(10_000);
  assert.equal(running().length, 1);
  await finish("Failed");
  await cluster.advance(10_000);
  assert.equal(running().length, 0);
  await cluster.advance(10_000);
  assert.equal(running().length, 1);
  await finish("Failed");
  assert.equal(job().status!.failed, 3);
  assert.deepEqual(conditions(), [
    "FailureTarget=True BackoffLimitExceeded",
    "Failed=True BackoffLimitExceeded",
  ]);
  assert(cluster.events.includes(
    "Warning BackoffLimitExceeded Job has reached the specified backoff limit",
  ));
  cluster.stop();
});

Deno.test("an indexed job gives each completion its index", async () => {
  const { cluster, running, finish, job, conditions } = await setup({
    completionMode: "Indexed",
    parallelism: 2,
  });
  const indexes = () =>
    running().map(({ metadata }) =>
      metadata.annotations!["batch.kubernetes.io/job-completion-index"]
    );
  assert.deepEqual(indexes(), ["0", "1"]);
  const [pod] = running();
  assert.match(pod!.metadata.name!, /^sum-0-/);
  assert.equal(pod!.spec!.hostname, "sum-0");
  assert.equal(pod!.spec!.containers[0]!.env![0]!.name, "JOB_COMPLETION_INDEX");
  await finish("Succeeded");
  assert.deepEqual(indexes(), ["1", "2"]);
  assert.equal(job().status!.completedIndexes, "0");
  await finish("Succeeded", 2);
  assert.equal(job().status!.completedIndexes, "0-2");
  assert.equal(conditions().at(-1), "Complete=True CompletionsReached");
  cluster.stop();
});

Deno.test("job stops when its time is over, waiting for pods that go slowly", async () => {
  const { cluster, pods, conditions } = await setup({ activeDeadlineSeconds: 60 });
  for (const pod of pods()) {
    cluster.change(resources.pods, pod.metadata as typeof ref, (pod) => {
      pod.spec!.nodeName = "a";
    });
  }
  cluster.gracefulPods = true;
  await cluster.advance(61_000);
  assert.deepEqual(conditions(), ["FailureTarget=True DeadlineExceeded"]);
  for (const pod of pods()) {
    await cluster.delete(resources.pods, pod.metadata as typeof ref, { gracePeriodSeconds: 0 });
  }
  await cluster.quiet();
  assert.deepEqual(pods(), []);
  assert.deepEqual(conditions().at(-1), "Failed=True DeadlineExceeded");
  cluster.stop();
});

Deno.test("a suspended job has no pods, and goes on where it was", async () => {
  const { cluster, running, finish, job, conditions } = await setup();
  await finish("Succeeded");
  cluster.change(resources.jobs, ref, (job) => void (job.spec!.suspend = true));
  await cluster.quiet();
  assert.equal(running().length, 0);
  assert.equal(job().status!.failed, 0);
  assert.equal(job().status!.startTime, undefined);
  assert.deepEqual(conditions(), ["Suspended=True JobSuspended"]);
  cluster.change(resources.jobs, ref, (job) => void (job.spec!.suspend = false));
  await cluster.quiet();
  assert.equal(running().length, 2);
  assert.deepEqual(conditions(), ["Suspended=False JobResumed"]);
  assert.equal(job().status!.succeeded, 1);
  cluster.stop();
});

Deno.test("job judges failures by its policy", async () => {
  const { cluster, finish, conditions, job } = await setup({
    parallelism: 1,
    podFailurePolicy: {
      rules: [
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        { action: "FailJob", onExitCodes: { operator: "In", values: [42] } },
      ],
    },
  });
  await finish("Failed", 1, (pod) => {
    pod.status!.conditions = [{ type: "DisruptionTarget", status: "True" }];
  });
  assert.equal(job().status!.failed, 0);
  await finish("Failed", 1, (pod) => {
    pod.status!.containerStatuses = [{
      name: "c",
      image: "",
      imageID: "",
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode: 42 } },
    }];
  });
  assert.equal(conditions().at(-1), "Failed=True PodFailurePolicy");
  assert.match(
    job().status!.conditions![0]!.message!,
    /^Container c for pod shop\/sum-\w+ failed with exit code 42 matching FailJob rule at index 1$/,
  );
  cluster.stop();
});

Deno.test("a deleted job lets its pods go", async () => {
  const { cluster, pods } = await setup();
  await cluster.delete(resources.jobs, ref);
  await cluster.quiet();
  assert.deepEqual(pods().flatMap(({ metadata }) => metadata.finalizers), []);
  cluster.stop();
});

Deno.test("formatIndexes() and parseIndexes() write runs as ranges", () => {
  assert.equal(formatIndexes([7, 3, 4, 5, 1, 9, 10]), "1,3-5,7,9,10");
  assert.equal(formatIndexes([]), "");
  assert.deepEqual([...parseIndexes("1,3-5,x,99", 10)], [1, 3, 4, 5]);
});
