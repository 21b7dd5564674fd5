import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { replicaSetController } from "./replica_set.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { makeReady, podOf, replicaSetOf } from "./testing/objects.ts";

const ref = { namespace: "shop", name: "web" };

async function setup(replicas: number) {
  const cluster = new FakeCluster();
  await cluster.create(resources.replicasets, replicaSetOf("web", replicas));
  await cluster.run(replicaSetController);
  const status = () => cluster.all(resources.replicasets)[0]!.status;
  const readyAll = () => {
    for (const { metadata } of cluster.all(resources.pods)) {
      cluster.change(resources.pods, metadata as typeof ref, (pod) => {
        if (!pod.status) makeReady(pod, timestamp(cluster.clock.now()));
      });
    }
  };
  return { cluster, status, readyAll };
}

Deno.test("replicaset creates what is missing, once, and reports it", async () => {
  const { cluster, status, readyAll } = await setup(3);
  const pods = cluster.all(resources.pods);
  assert.equal(pods.length, 3);
  assert.match(pods[0]!.metadata.name!, /^web-[a-z0-9]{5}$/);
  assert.equal(pods[0]!.metadata.ownerReferences![0]!.controller, true);
  assert.equal(status()!.replicas, 3);
  assert.equal(status()!.observedGeneration, 1);
  assert.deepEqual(
    cluster.events.sort()[0]!.slice(0, 40),
    "Normal SuccessfulCreate Created pod: web",
  );
  readyAll();
  await cluster.quiet();
  assert.deepEqual([status()!.readyReplicas, status()!.availableReplicas], [3, 3]);
  const { length } = cluster.writes;
  await cluster.advance(60_000);
  assert.equal(cluster.writes.length, length, "nothing changed, so nothing is written");
  cluster.stop();
});

Deno.test("replicaset deletes what is too much, unready pods first", async () => {
  const { cluster, status, readyAll } = await setup(2);
  readyAll();
  await cluster.quiet();
  const good = cluster.all(resources.pods).map(({ metadata }) => metadata.name);
  cluster.change(resources.replicasets, ref, (set) => void (set.spec.replicas = 4));
  await cluster.quiet();
  assert.equal(cluster.all(resources.pods).length, 4);
  cluster.change(resources.replicasets, ref, (set) => void (set.spec.replicas = 2));
  await cluster.quiet();
  assert.deepEqual(cluster.all(resources.pods).map(({ metadata }) => metadata.name), good);
  assert.equal(status()!.replicas, 2);
  cluster.stop();
});

Deno.test("replicaset replaces failed pods and pods that are going", async () => {
  const { cluster, status } = await setup(2);
  cluster.gracefulPods = true;
  const [first, second] = cluster.all(resources.pods);
  cluster.change(resources.pods, first!.metadata as typeof ref, (pod) => {
    pod.status = { phase: "Failed" };
  });
  await cluster.delete(resources.pods, second!.metadata as typeof ref);
  await cluster.quiet();
  assert.equal(cluster.all(resources.pods).length, 4);
  assert.deepEqual([status()!.replicas, status()!.terminatingReplicas], [2, 1]);
  cluster.stop();
});

Deno.test("replicaset adopts orphans that it selects and lets go of pods that it does not", async () => {
  const { cluster } = await setup(2);
  const [first] = cluster.all(resources.pods);
  cluster.change(resources.pods, first!.metadata as typeof ref, (pod) => {
    pod.metadata.labels = { app: "debug" };
  });
  await cluster.quiet();
  const pods = cluster.all(resources.pods);
  assert.equal(pods.length, 3);
  assert.deepEqual(pods[0]!.metadata.ownerReferences, []);
  cluster.change(resources.replicasets, ref, (set) => void (set.spec.replicas = 3));
  await cluster.create(resources.pods, podOf("stray", "web"));
  await cluster.quiet();
  const stray = cluster.all(resources.pods).find(({ metadata }) => metadata.name === "stray");
  const owned = cluster.all(resources.pods).filter(({ metadata }) =>
    metadata.ownerReferences?.length
  );
  assert.equal(owned.length, 3);
  if (stray) assert.equal(stray.metadata.ownerReferences!.length, 1);
  cluster.stop();
});

Deno.test("replicaset tries one pod at a time while the server refuses, and says so", async () => {
  const cluster = new FakeCluster();
  await cluster.create(resources.replicasets, replicaSetOf("web", 50));
  let refused = 0;
  cluster.refuse = (write) => {
    if (!write.startsWith("create pods")) return;
    refused++;
    throw new StatusError("Forbidden", "exceeded quota");
  };
  await cluster.run(replicaSetController);
  assert(refused > 0 && refused < 12, `${refused} attempts`);
  const [condition] = cluster.all(resources.replicasets)[0]!.status!.conditions!;
  assert.deepEqual([condition!.type, condition!.status, condition!.reason, condition!.message], [
    "ReplicaFailure",
    "True",
    "FailedCreate",
    "exceeded quota",
  ]);
  assert(cluster.events[0]!.startsWith("Warning FailedCreate Error creating: exceeded quota"));
  cluster.refuse = () => {};
  await cluster.advance(20_000);
  assert.equal(cluster.all(resources.pods).length, 50);
  assert.equal(cluster.all(resources.replicasets)[0]!.status!.conditions, undefined);
  cluster.stop();
});

Deno.test("replicaset counts a pod as available after minReadySeconds, without any event", async () => {
  const cluster = new FakeCluster();
  const set = replicaSetOf("web", 1);
  set.spec.minReadySeconds = 30;
  await cluster.create(resources.replicasets, set);
  await cluster.run(replicaSetController);
  const [pod] = cluster.all(resources.pods);
  cluster.change(resources.pods, pod!.metadata as typeof ref, (pod) => {
    makeReady(pod, timestamp(cluster.clock.now()));
  });
  await cluster.quiet();
  const status = () => cluster.all(resources.replicasets)[0]!.status!;
  assert.deepEqual([status().readyReplicas, status().availableReplicas], [1, 0]);
  await cluster.advance(31_000);
  assert.equal(status().availableReplicas, 1);
  cluster.stop();
});

Deno.test("a deleted replicaset makes no more pods", async () => {
  const { cluster } = await setup(1);
  cluster.change(resources.replicasets, ref, (set) => {
    set.metadata.deletionTimestamp = timestamp(cluster.clock.now());
    set.metadata.finalizers = ["foregroundDeletion"];
  });
  await cluster.delete(resources.pods, cluster.all(resources.pods)[0]!.metadata as typeof ref);
  await cluster.quiet();
  assert.equal(cluster.all(resources.pods).length, 0);
  cluster.stop();
});
