import assert from "node:assert/strict";
import type { PodDisruptionBudget } from "../../shared/api/policy/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { disruptionController } from "./disruption.ts";
import { replicaSetController } from "./replica_set.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { makeReady, podOf, replicaSetOf } from "./testing/objects.ts";

async function setup(spec: PodDisruptionBudget["spec"]) {
  const cluster = new FakeCluster();
  await cluster.create(resources.replicasets, replicaSetOf("web", 4));
  await cluster.create(resources.poddisruptionbudgets, {
    kind: "PodDisruptionBudget",
    apiVersion: "policy/v1",
    metadata: { namespace: "shop", name: "web" },
    spec: { selector: { matchLabels: { app: "web" } }, ...spec },
  });
  await cluster.run(replicaSetController, disruptionController);
  const ref = { namespace: "shop", name: "web" };
  const ready = async (count: number) => {
    for (const { metadata } of cluster.all(resources.pods).slice(0, count)) {
      cluster.change(resources.pods, metadata as typeof ref, (pod) => {
        makeReady(pod, timestamp(cluster.clock.now()));
      });
    }
    await cluster.quiet();
  };
  const numbers = () => {
    const status = cluster.all(resources.poddisruptionbudgets)[0]!.status!;
    const { expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed } = status;
    return [expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed];
  };
  return { cluster, ref, ready, numbers };
}

Deno.test("disruption counts what may be evicted", async () => {
  const cases: [PodDisruptionBudget["spec"], number, number[]][] = [
    [{ minAvailable: 3 }, 4, [4, 3, 4, 1]],
    [{ minAvailable: 3 }, 3, [4, 3, 3, 0]],
    [{ minAvailable: "50%" }, 4, [4, 2, 4, 2]],
    [{ maxUnavailable: 1 }, 4, [4, 3, 4, 1]],
    [{ maxUnavailable: "30%" }, 4, [4, 2, 4, 2]],
  ];
  for (const [spec, readyPods, want] of cases) {
    const { cluster, ready, numbers } = await setup(spec);
    await ready(readyPods);
    assert.deepEqual(numbers(), want, JSON.stringify(spec));
    cluster.stop();
  }
});

Deno.test("disruption counts a granted eviction until the pod goes, or for two minutes", async () => {
  const { cluster, ref, ready, numbers } = await setup({ minAvailable: 2 });
  await ready(4);
  const [pod] = cluster.all(resources.pods);
  cluster.change(resources.poddisruptionbudgets, ref, (budget) => {
    budget.status!.disruptedPods = { [pod!.metadata.name!]: timestamp(cluster.clock.now()) };
  });
  await cluster.quiet();
  assert.deepEqual(numbers(), [4, 2, 3, 1]);
  await cluster.advance(121_000);
  assert.deepEqual(numbers(), [4, 2, 4, 2]);
  cluster.stop();
});

Deno.test("disruption allows nothing when the expected number cannot be known", async () => {
  const { cluster, ready, numbers } = await setup({ maxUnavailable: 1 });
  await cluster.create(resources.pods, podOf("bare", "web"));
  cluster.change(resources.pods, { namespace: "shop", name: "bare" }, (pod) => {
    pod.metadata.ownerReferences = [{
      apiVersion: "example.com/v1",
      kind: "Other",
      name: "x",
      uid: "x",
      controller: true,
    }];
  });
  await ready(5);
  assert.equal(numbers()[3], 0);
  const [condition] = cluster.all(resources.poddisruptionbudgets)[0]!.status!.conditions!;
  assert.equal(condition!.reason, "SyncFailed");
  cluster.stop();
});
