import assert from "node:assert/strict";
import type { ResourceQuota } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { resourceQuotaController } from "./resource_quota.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { podOf, replicaSetOf } from "./testing/objects.ts";

const namespace = "shop";

async function setup(spec: NonNullable<ResourceQuota["spec"]>) {
  const cluster = new FakeCluster();
  const verbs = ["list", "watch"];
  cluster.discovered = [{ ...resources.replicasets, verbs }, { ...resources.nodes, verbs }];
  await cluster.create(resources.resourcequotas, {
    kind: "ResourceQuota",
    apiVersion: "v1",
    metadata: { namespace, name: "q" },
    spec,
  });
  await cluster.create(resources.pods, podOf("a", "web"));
  const bound = podOf("b", "web");
  bound.spec!.containers[0]!.resources = { requests: { cpu: "500m" }, limits: { cpu: "1" } };
  await cluster.create(resources.pods, bound);
  await cluster.create(resources.replicasets, replicaSetOf("web", 1));
  await cluster.run(resourceQuotaController);
  // A kind that is followed for the first time has to be listed.
  await cluster.advance(1000);
  return { cluster, status: () => cluster.all(resources.resourcequotas)[0]!.status };
}

Deno.test("resourcequota counts what exists under every name that the quota limits", async () => {
  const hard = { pods: "5", "requests.cpu": "2", "count/replicasets.apps": "3", "count/x.y": "1" };
  const { cluster, status } = await setup({ hard });
  assert.deepEqual(status(), {
    hard,
    used: { pods: "2", "requests.cpu": "500m", "count/replicasets.apps": "1" },
  });
  cluster.stop();
});

Deno.test("resourcequota gives back what is deleted or has ended, and follows new limits", async () => {
  const { cluster, status } = await setup({ hard: { pods: "5" } });
  await cluster.delete(resources.pods, { namespace, name: "a" });
  await cluster.quiet();
  assert.deepEqual(status()!.used, { pods: "1" });
  cluster.change(resources.pods, { namespace, name: "b" }, (pod) => {
    pod.status = { phase: "Succeeded" };
  });
  await cluster.quiet();
  assert.deepEqual(status()!.used, { pods: "0" });
  cluster.change(resources.resourcequotas, { namespace, name: "q" }, (quota) => {
    quota.spec = { hard: { "count/pods": "1" } };
  });
  await cluster.quiet();
  assert.deepEqual(status(), { hard: { "count/pods": "1" }, used: { "count/pods": "1" } });
  const { length } = cluster.writes;
  await cluster.advance(600_000);
  assert.equal(cluster.writes.length, length, "nothing changed, so nothing is written");
  cluster.stop();
});

Deno.test("resourcequota counts only what is in its scopes", async () => {
  const { cluster, status } = await setup({ hard: { pods: "5" }, scopes: ["BestEffort"] });
  assert.deepEqual(status()!.used, { pods: "1" });
  cluster.stop();
});
