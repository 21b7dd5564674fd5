import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { Cluster } from "./cluster.ts";
import { play } from "./fake_kubelet.ts";
import { daemonSetOf, jobOf, podOf, serviceOf, templateOf } from "./objects.ts";

const namespace = "default";

Deno.test("a DaemonSet runs one pod on every node, also on those that join, tainted or cordoned ones by rule", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b"] });
  await cluster.create(daemonSetOf("agent"));
  const placed = async () =>
    (await cluster.all(resources.pods)).filter(({ status }) => status?.phase === "Running").map((
      { spec },
    ) => spec!.nodeName).sort();
  await cluster.until("both nodes run it", async () => (await placed()).join() === "a,b");
  await cluster.addNode("c");
  await cluster.addNode("d", { taints: [{ key: "only", value: "gpu", effect: "NoSchedule" }] });
  await cluster.until("the third node runs it", async () => (await placed()).join() === "a,b,c");
  await cluster.advance(10_000);
  assert.deepEqual(await placed(), ["a", "b", "c"]);
  const set = await cluster.admin.get(resources.daemonsets, { namespace, name: "agent" });
  const { desiredNumberScheduled, numberAvailable, numberMisscheduled } = set.status!;
  assert.deepEqual([desiredNumberScheduled, numberAvailable, numberMisscheduled], [3, 3, 0]);
});

Deno.test("a DaemonSet's update goes from node to node", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b", "c"] });
  await cluster.create(daemonSetOf("agent"));
  const get = () => cluster.admin.get(resources.daemonsets, { namespace, name: "agent" });
  await cluster.until(
    "three are available",
    async () => (await get()).status?.numberAvailable === 3,
  );
  await cluster.patch(resources.daemonsets, { namespace, name: "agent" }, {
    spec: { template: templateOf("agent", { image: "web:2" }) },
  });
  let least = 3;
  await cluster.until("all are updated", async () => {
    const { status, metadata } = await get();
    if (status!.observedGeneration !== metadata.generation) return false;
    least = Math.min(least, status!.numberAvailable ?? 0);
    return status!.updatedNumberScheduled === 3 && status!.numberAvailable === 3;
  });
  assert.equal(least, 2);
});

Deno.test("a Job runs its completions, no more at once than its parallelism", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create(
    jobOf("sum", { completions: 5, parallelism: 2 }, { [play.runsFor]: "3000" }),
  );
  const get = () => cluster.admin.get(resources.jobs, { namespace, name: "sum" });
  let most = 0;
  await cluster.until("it is complete", async () => {
    most = Math.max(most, (await get()).status?.active ?? 0);
    return (await get()).status?.conditions?.some(({ type }) => type === "Complete") ?? false;
  });
  assert.equal(most, 2);
  const { status } = await get();
  assert.equal(status!.succeeded, 5);
  assert.ok(status!.completionTime);
  const pods = await cluster.all(resources.pods);
  assert.equal(pods.length, 5);
  assert.ok(pods.every(({ metadata }) => !metadata.finalizers?.length), "nothing holds them");
});

Deno.test("a Job gives up after its back-off limit, with growing pauses", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  const annotations = { [play.runsFor]: "1000", [play.exitCode]: "3" };
  await cluster.create(jobOf("bad", { backoffLimit: 2 }, annotations));
  const get = () => cluster.admin.get(resources.jobs, { namespace, name: "bad" });
  const start = cluster.clock.monotonic();
  await cluster.until(
    "it has failed",
    async () => (await get()).status?.conditions?.some(({ type }) => type === "Failed") ?? false,
    300_000,
  );
  const failed = (await get()).status!.conditions!.find(({ type }) => type === "Failed")!;
  assert.equal(failed.reason, "BackoffLimitExceeded");
  assert.equal(failed.message, "Job has reached the specified backoff limit");
  assert.equal((await get()).status!.failed, 3);
  assert.ok(cluster.clock.monotonic() - start > 30_000, "10 s, then 20 s");
});

Deno.test("a Job that takes too long is ended", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create(jobOf("slow", { activeDeadlineSeconds: 20 }, {}));
  const get = () => cluster.admin.get(resources.jobs, { namespace, name: "slow" });
  await cluster.until(
    "it has failed",
    async () =>
      (await get()).status?.conditions?.some(({ type, reason }) =>
        type === "Failed" && reason === "DeadlineExceeded"
      ) ?? false,
  );
  assert.deepEqual(await cluster.all(resources.pods), []);
});

Deno.test("a CronJob starts its Jobs on time and keeps as many as it shall", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  const { spec } = jobOf("tick", {}, { [play.runsFor]: "1000" });
  await cluster.create({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "tick" },
    spec: { schedule: "* * * * *", successfulJobsHistoryLimit: 2, jobTemplate: { spec } },
  });
  await cluster.advance(61_000);
  const [job] = await cluster.all(resources.jobs);
  assert.equal(job?.metadata.ownerReferences?.[0]?.kind, "CronJob");
  await cluster.advance(4 * 60_000);
  const jobs = await cluster.all(resources.jobs);
  assert.equal(jobs.length, 2);
  assert.ok(jobs.every(({ status }) => status?.succeeded === 1));
  const cron = await cluster.admin.get(resources.cronjobs, { namespace, name: "tick" });
  assert.equal(cron.status?.lastScheduleTime, "2026-01-01T00:05:00Z");
});

Deno.test("a StatefulSet brings its pods up one after another and takes the last down first", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create(serviceOf("db", "db"), {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db" },
    spec: {
      serviceName: "db",
      replicas: 3,
      selector: { matchLabels: { app: "db" } },
      template: templateOf("db"),
    },
  });
  const ref = { namespace, name: "db" };
  const names = async () =>
    (await cluster.all(resources.pods)).map(({ metadata }) => metadata.name).join();
  const seen = new Set<string>();
  await cluster.until("three are ready", async () => {
    seen.add(await names());
    return (await cluster.admin.get(resources.statefulsets, ref)).status?.readyReplicas === 3;
  });
  assert.deepEqual([...seen].filter(Boolean), ["db-0", "db-0,db-1", "db-0,db-1,db-2"]);
  await cluster.patch(resources.statefulsets, ref, { spec: { replicas: 1 } });
  seen.clear();
  await cluster.until("one is left", async () => {
    seen.add(await names());
    return await names() === "db-0";
  });
  assert.deepEqual([...seen], ["db-0,db-1,db-2", "db-0,db-1", "db-0"]);
});

Deno.test("a Service's endpoints follow its pods' readiness", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b"] });
  await cluster.create(serviceOf("web", "web"), podOf("one", { labels: { app: "web" } }));
  await cluster.create(
    podOf("two", { labels: { app: "web" }, annotations: { [play.ready]: "never" } }),
  );
  const addresses = async () => {
    const slices = await cluster.all(resources.endpointslices, {
      labelSelector: "kubernetes.io/service-name=web",
    });
    return slices.flatMap(({ endpoints }) => endpoints ?? []).map(({ addresses, conditions }) => [
      addresses[0],
      conditions?.ready,
    ]);
  };
  const podIp = async (name: string) =>
    (await cluster.admin.get(resources.pods, { namespace, name })).status?.podIP;
  await cluster.until("both pods are endpoints", async () => (await addresses()).length === 2);
  const [one, two] = [await podIp("one"), await podIp("two")];
  assert.deepEqual(
    new Map(await addresses() as [string, boolean][]),
    new Map([[one, true], [two, false]]),
  );
  const { subsets } = await cluster.admin.get(resources.endpoints, { namespace, name: "web" });
  assert.deepEqual(subsets![0]!.addresses!.map(({ ip }) => ip), [one]);
  assert.deepEqual(subsets![0]!.notReadyAddresses!.map(({ ip }) => ip), [two]);
  assert.deepEqual(subsets![0]!.ports, [{ port: 8080, protocol: "TCP" }]);
  await cluster.admin.delete(resources.pods, { namespace, name: "one" });
  await cluster.until("one is left", async () => (await addresses()).length === 1);
  await cluster.admin.delete(resources.services, { namespace, name: "web" });
  await cluster.until("the slices are gone", async () => (await addresses()).length === 0);
});
