import assert from "node:assert/strict";
import type { Job } from "../../shared/api/batch/v1/types.gen.ts";
import type { ClusterRole } from "../../shared/api/rbac/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { clusterRoleAggregationController } from "./cluster_role_aggregation.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { templateOf } from "./testing/objects.ts";
import { ttlAfterFinishedController } from "./ttl_after_finished.ts";

Deno.test("ttl-after-finished deletes a finished job when its time is over", async () => {
  const cluster = new FakeCluster();
  const job: Job = {
    kind: "Job",
    apiVersion: "batch/v1",
    metadata: { namespace: "shop", name: "sum" },
    spec: { ttlSecondsAfterFinished: 60, template: templateOf("sum") },
  };
  await cluster.create(resources.jobs, job);
  await cluster.run(ttlAfterFinishedController);
  await cluster.advance(100_000);
  const { resourceVersion: _, ...ref } = { ...job.metadata, name: "sum" };
  cluster.change(resources.jobs, ref, (job) => {
    const lastTransitionTime = timestamp(cluster.clock.now());
    job.status = { conditions: [{ type: "Failed", status: "True", lastTransitionTime }] };
  });
  await cluster.advance(50_000);
  assert.deepEqual(cluster.writes.filter((w) => w.startsWith("delete")), []);
  await cluster.advance(11_000);
  assert.deepEqual(cluster.writes.filter((w) => w.startsWith("delete")), ["delete jobs shop/sum"]);
  cluster.stop();
});

Deno.test("clusterrole-aggregation unites the rules of the selected roles, each once", async () => {
  const cluster = new FakeCluster();
  const rule = (resource: string) => ({ apiGroups: [""], resources: [resource], verbs: ["get"] });
  const role = (name: string, labels: Record<string, string>, ...names: string[]): ClusterRole => ({
    kind: "ClusterRole",
    apiVersion: "rbac.authorization.k8s.io/v1",
    metadata: { name, labels },
    rules: names.map(rule),
  });
  const view = role("view", {}, "stale");
  view.aggregationRule = { clusterRoleSelectors: [{ matchLabels: { view: "yes" } }] };
  await cluster.create(resources.clusterroles, view);
  await cluster.create(resources.clusterroles, role("b", { view: "yes" }, "pods", "nodes"));
  await cluster.create(resources.clusterroles, role("a", { view: "yes" }, "pods"));
  await cluster.create(resources.clusterroles, role("c", {}, "secrets"));
  await cluster.run(clusterRoleAggregationController);
  const names = () =>
    cluster.all(resources.clusterroles).find(({ metadata }) => metadata.name === "view")!
      .rules!.map(({ resources }) => resources![0]);
  assert.deepEqual(names(), ["pods", "nodes"]);
  await cluster.delete(resources.clusterroles, { name: "b" });
  await cluster.quiet();
  assert.deepEqual(names(), ["pods"]);
  cluster.stop();
});
