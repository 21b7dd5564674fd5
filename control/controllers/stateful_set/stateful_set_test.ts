import assert from "node:assert/strict";
import type { StatefulSet } from "../../../shared/api/apps/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { makeReady, templateOf } from "../testing/objects.ts";
import { statefulSetController } from "./stateful_set.ts";

const ref = { namespace: "shop", name: "db" };

async function setup(edit: (set: StatefulSet) => void = () => {}) {
  const cluster = new FakeCluster();
  const set: StatefulSet = {
    kind: "StatefulSet",
    apiVersion: "apps/v1",
    metadata: { ...ref },
    spec: {
      replicas: 3,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: templateOf("db"),
      volumeClaimTemplates: [{
        kind: "PersistentVolumeClaim",
        apiVersion: "v1",
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"] },
      }],
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
    },
  };
  edit(set);
  await cluster.create(resources.statefulsets, set);
  await cluster.run(statefulSetController);
  const pods = () => cluster.all(resources.pods).map(({ metadata }) => metadata.name!).sort();
  const images = () =>
    cluster.all(resources.pods)
      .map(({ metadata, spec }) => `${metadata.name}=${spec!.containers[0]!.image}`).sort();
  const ready = async () => {
    for (const pod of cluster.all(resources.pods).filter(({ status }) => !status)) {
      cluster.change(resources.pods, pod.metadata as typeof ref, (pod) => {
        makeReady(pod, timestamp(cluster.clock.now()));
      });
    }
    await cluster.quiet();
  };
  const change = async (edit: (set: StatefulSet) => void) => {
    cluster.change(resources.statefulsets, ref, edit);
    await cluster.quiet();
  };
  const status = () => cluster.all(resources.statefulsets)[0]!.status!;
  return { cluster, pods, images, ready, change, status };
}

Deno.test("statefulset starts pods in order, with names, claims and hosts of their own", async () => {
  const { cluster, pods, ready, status } = await setup();
  assert.deepEqual(pods(), ["db-0"]);
  const [pod] = cluster.all(resources.pods);
  assert.deepEqual([pod!.spec!.hostname, pod!.spec!.subdomain], ["db-0", "db"]);
  assert.deepEqual(pod!.spec!.volumes, [
    { name: "data", persistentVolumeClaim: { claimName: "data-db-0" } },
  ]);
  assert.equal(pod!.metadata.labels!["controller-revision-hash"], status().updateRevision);
  await ready();
  assert.deepEqual(pods(), ["db-0", "db-1"]);
  await ready();
  await ready();
  assert.deepEqual(pods(), ["db-0", "db-1", "db-2"]);
  assert.deepEqual([status().readyReplicas, status().currentReplicas], [3, 3]);
  assert.equal(cluster.all(resources.persistentvolumeclaims).length, 3);
  const { length } = cluster.writes;
  await cluster.advance(60_000);
  assert.equal(cluster.writes.length, length);
  cluster.stop();
});

Deno.test("statefulset goes down in the opposite order and keeps the claims", async () => {
  const { cluster, pods, ready, change } = await setup();
  for (let i = 0; i < 3; i++) await ready();
  cluster.writes.length = 0;
  await change((set) => void (set.spec.replicas = 1));
  assert.deepEqual(pods(), ["db-0"]);
  assert.deepEqual(cluster.writes.filter((write) => write.startsWith("delete")), [
    "delete pods shop/db-2",
    "delete pods shop/db-1",
  ]);
  assert.equal(cluster.all(resources.persistentvolumeclaims).length, 3);
  cluster.stop();
});

Deno.test("statefulset updates from the highest ordinal, one by one, down to its partition", async () => {
  const { images, ready, change, status, cluster } = await setup();
  for (let i = 0; i < 3; i++) await ready();
  const before = status().currentRevision;
  await change((set) => {
    set.spec.updateStrategy!.rollingUpdate!.partition = 1;
    set.spec.template.spec!.containers[0]!.image = "web:2";
  });
  assert.deepEqual(images(), ["db-0=web:1", "db-1=web:1", "db-2=web:2"]);
  await ready();
  await ready();
  assert.deepEqual(images(), ["db-0=web:1", "db-1=web:2", "db-2=web:2"]);
  assert.deepEqual([status().currentRevision, status().updatedReplicas], [before, 2]);
  await cluster.delete(resources.pods, { namespace: "shop", name: "db-0" });
  await cluster.quiet();
  assert.deepEqual(images()[0], "db-0=web:1", "below the partition the old template stays");
  await ready();
  await change((set) => void (set.spec.updateStrategy!.rollingUpdate!.partition = 0));
  await ready();
  assert.deepEqual(images(), ["db-0=web:2", "db-1=web:2", "db-2=web:2"]);
  assert.equal(status().currentRevision, status().updateRevision);
  cluster.stop();
});

Deno.test("statefulset with Parallel waits for nobody, and recreates failed pods", async () => {
  const { cluster, pods } = await setup((set) => {
    set.spec.podManagementPolicy = "Parallel";
    set.spec.ordinals = { start: 5 };
  });
  assert.deepEqual(pods(), ["db-5", "db-6", "db-7"]);
  cluster.change(resources.pods, { namespace: "shop", name: "db-6" }, (pod) => {
    pod.status = { phase: "Failed" };
  });
  await cluster.quiet();
  assert.deepEqual(pods(), ["db-5", "db-6", "db-7"]);
  assert(cluster.events.includes(
    "Warning RecreatingFailedPod StatefulSet shop/db is recreating failed Pod db-6",
  ));
  cluster.stop();
});
