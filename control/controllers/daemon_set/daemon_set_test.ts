import assert from "node:assert/strict";
import type { DaemonSet } from "../../../shared/api/apps/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { isReady } from "../pods/pod_state.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { makeReady, nodeOf, templateOf } from "../testing/objects.ts";
import { nodeNameOf } from "./daemon_plan.ts";
import { daemonSetController } from "./daemon_set.ts";
import { RestartBackoff } from "./restart_backoff.ts";

const ref = { namespace: "shop", name: "agent" };

async function setup(edit: (set: DaemonSet) => void = () => {}) {
  const cluster = new FakeCluster();
  for (const name of ["a", "b", "c"]) {
    await cluster.create(resources.nodes, nodeOf(name, { disk: name === "c" ? "slow" : "fast" }));
  }
  const set: DaemonSet = {
    kind: "DaemonSet",
    apiVersion: "apps/v1",
    metadata: { ...ref },
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: templateOf("agent"),
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    },
  };
  edit(set);
  await cluster.create(resources.daemonsets, set);
  await cluster.run(daemonSetController);
  const pods = () => cluster.all(resources.pods);
  const nodes = () => pods().map(nodeNameOf).sort();
  const readyAll = async () => {
    for (const pod of pods().filter((pod) => !isReady(pod))) {
      cluster.change(resources.pods, pod.metadata as typeof ref, (pod) => {
        pod.spec!.nodeName = nodeNameOf(pod);
        makeReady(pod, timestamp(cluster.clock.now()));
      });
    }
    await cluster.quiet();
  };
  const image = async (image: string) => {
    cluster.change(resources.daemonsets, ref, (set) => {
      set.spec.template.spec!.containers[0]!.image = image;
    });
    await cluster.quiet();
  };
  const images = () => pods().map(({ spec }) => spec!.containers[0]!.image).sort();
  const status = () => cluster.all(resources.daemonsets)[0]!.status!;
  return { cluster, pods, nodes, readyAll, image, images, status };
}

Deno.test("daemonset runs one pod on every eligible node, also on new and tainted ones", async () => {
  const { cluster, nodes, pods, readyAll, status } = await setup((set) => {
    set.spec.template.spec!.nodeSelector = { disk: "fast" };
  });
  assert.deepEqual(nodes(), ["a", "b"]);
  const { tolerations } = pods()[0]!.spec!;
  assert(tolerations!.some(({ key }) => key === "node.kubernetes.io/unschedulable"));
  await readyAll();
  assert.deepEqual(
    [status().desiredNumberScheduled, status().numberAvailable, status().numberUnavailable],
    [2, 2, 0],
  );
  const d = nodeOf("d", { disk: "fast" });
  d.spec = { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoExecute" }] };
  await cluster.create(resources.nodes, d);
  await cluster.quiet();
  assert.deepEqual(nodes(), ["a", "b", "d"]);
  cluster.change(resources.nodes, { name: "a" }, (node) => {
    node.metadata.labels!.disk = "slow";
  });
  await cluster.quiet();
  assert.deepEqual(nodes(), ["b", "d"]);
  cluster.change(resources.nodes, { name: "b" }, (node) => {
    node.spec = { taints: [{ key: "gone", effect: "NoSchedule" }] };
  });
  await cluster.quiet();
  assert.deepEqual(nodes(), ["b", "d"], "what runs may stay where it could not start");
  assert.equal(status().numberMisscheduled, 1);
  const { length } = cluster.writes;
  await cluster.advance(60_000);
  assert.equal(cluster.writes.length, length);
  cluster.stop();
});

Deno.test("daemonset updates node by node, waiting for each", async () => {
  const { cluster, images, image, readyAll, status } = await setup();
  await readyAll();
  await image("web:2");
  assert.deepEqual(images(), ["web:1", "web:1", "web:2"]);
  await readyAll();
  assert.deepEqual(images(), ["web:1", "web:2", "web:2"]);
  await readyAll();
  await readyAll();
  assert.deepEqual(images(), ["web:2", "web:2", "web:2"]);
  assert.equal(status().updatedNumberScheduled, 3);
  const revisions = cluster.all(resources.controllerrevisions);
  assert.deepEqual(revisions.map(({ revision }) => revision), [1, 2]);
  await image("web:1");
  assert.deepEqual(cluster.all(resources.controllerrevisions).map((r) => r.revision).sort(), [
    2,
    3,
  ]);
  cluster.stop();
});

Deno.test("daemonset with a surge starts the new pod before it stops the old one", async () => {
  const { cluster, images, image, readyAll } = await setup((set) => {
    set.spec.updateStrategy!.rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
  });
  await readyAll();
  await image("web:2");
  assert.deepEqual(images(), ["web:1", "web:1", "web:1", "web:2"]);
  for (let i = 0; i < 4; i++) await readyAll();
  assert.deepEqual(images(), ["web:2", "web:2", "web:2"]);
  cluster.stop();
});

Deno.test("daemonset with OnDelete waits for the user", async () => {
  const { cluster, images, image, readyAll, pods } = await setup((set) => {
    set.spec.updateStrategy = { type: "OnDelete" };
  });
  await readyAll();
  await image("web:2");
  assert.deepEqual(images(), ["web:1", "web:1", "web:1"]);
  await cluster.delete(resources.pods, pods()[0]!.metadata as typeof ref);
  await cluster.quiet();
  assert.deepEqual(images(), ["web:1", "web:1", "web:2"]);
  cluster.stop();
});

Deno.test("daemonset replaces failed pods, slower each time", async () => {
  const { cluster, pods } = await setup();
  const fail = () => {
    const pod = pods().find((pod) => nodeNameOf(pod) === "a");
    if (pod) {
      cluster.change(resources.pods, pod.metadata as typeof ref, (pod) => {
        pod.status = { phase: "Failed" };
      });
    }
  };
  fail();
  await cluster.quiet();
  assert.equal(pods().filter(({ status }) => status?.phase === "Failed").length, 0);
  fail();
  await cluster.quiet();
  assert.equal(pods().filter(({ status }) => status?.phase === "Failed").length, 1);
  await cluster.advance(1000);
  assert.equal(pods().filter(({ status }) => status?.phase === "Failed").length, 0);
  assert.equal(pods().length, 3);
  const backoff = new RestartBackoff();
  const waits = [0, 0, 1000, 1000, 3000].map((now) => backoff.waitOf("x", now));
  assert.deepEqual(waits, [0, 1000, 0, 2000, 0]);
  cluster.stop();
});
