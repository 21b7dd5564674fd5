import assert from "node:assert/strict";
import type { Node, Taint } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { microTimestamp } from "../../../shared/clock/clock.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { makeReady, nodeOf, podOf } from "../testing/objects.ts";
import { nodeLifecycleController } from "./node_lifecycle.ts";
import { wantedTaints, zoneState } from "./node_health.ts";
import { evictInMs, taintEvictionController, tolerates } from "./taint_eviction.ts";

async function setup(...names: string[]) {
  const cluster = new FakeCluster();
  for (const name of names) {
    await cluster.create(resources.nodes, nodeOf(name));
    await cluster.create(resources.leases, {
      kind: "Lease",
      apiVersion: "coordination.k8s.io/v1",
      metadata: { namespace: "kube-node-lease", name },
      spec: { renewTime: "x" },
    });
    const pod = podOf(`on-${name}`, "web");
    pod.spec!.nodeName = name;
    pod.spec!.tolerations = [{
      key: "node.kubernetes.io/unreachable",
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 60,
    }];
    makeReady(pod, "2026-01-01T00:00:00Z");
    await cluster.create(resources.pods, pod);
  }
  await cluster.run(nodeLifecycleController, taintEvictionController);
  /** Lets time pass in which only these nodes are heard of. */
  const live = async (seconds: number, ...alive: string[]) => {
    for (let at = 0; at < seconds; at += 10) {
      for (const name of alive) {
        cluster.change(resources.leases, { namespace: "kube-node-lease", name }, (lease) => {
          lease.spec!.renewTime = microTimestamp(cluster.clock.now());
        });
      }
      await cluster.advance(9_600);
    }
  };
  const node = (name: string) =>
    cluster.all(resources.nodes).find(({ metadata }) => metadata.name === name)!;
  const taints = (name: string) =>
    (node(name).spec!.taints ?? []).map(({ key, effect }) => `${key.split("/")[1]}:${effect}`);
  const ready = (name: string) =>
    node(name).status!.conditions!.find(({ type }) => type === "Ready")!.status;
  return { cluster, live, node, taints, ready };
}

Deno.test("a silent node is unknown, tainted, its pods out of service and later evicted", async () => {
  const { cluster, live, taints, ready } = await setup("a", "b");
  await live(100, "a", "b");
  assert.deepEqual([ready("a"), taints("a")], ["True", []]);
  await live(50, "a");
  assert.deepEqual([ready("a"), ready("b")], ["True", "Unknown"]);
  assert.deepEqual(taints("b"), ["unreachable:NoSchedule", "unreachable:NoExecute"]);
  const pod = () => cluster.all(resources.pods).find(({ spec }) => spec!.nodeName === "b");
  assert.equal(pod()!.status!.conditions![0]!.status, "False");
  await live(70, "a");
  assert.equal(pod(), undefined);
  assert.equal(cluster.all(resources.pods).length, 1);
  assert(cluster.events.includes("Normal TaintManagerEviction Marking for deletion Pod shop/on-b"));
  cluster.stop();
});

Deno.test("a node that comes back in time keeps its pods and loses its taints", async () => {
  const { cluster, live, taints } = await setup("a", "b");
  await live(50, "a");
  assert.equal(taints("b").length, 2);
  cluster.change(resources.nodes, { name: "b" }, (node) => {
    node.status!.conditions = [{ type: "Ready", status: "True", lastHeartbeatTime: "now" }];
  });
  await live(120, "a", "b");
  assert.deepEqual(taints("b"), []);
  assert.equal(cluster.all(resources.pods).length, 2);
  assert(cluster.events.some((event) => event.includes("Cancelling deletion of Pod shop/on-b")));
  cluster.stop();
});

Deno.test("when all nodes are silent none is emptied", async () => {
  const { cluster, live, taints } = await setup("a", "b");
  await live(300);
  assert.deepEqual(taints("a"), ["unreachable:NoSchedule"]);
  assert.equal(cluster.all(resources.pods).length, 2);
  const { length } = cluster.writes;
  await live(100);
  assert.equal(cluster.writes.length, length);
  cluster.stop();
});

Deno.test("wantedTaints() keeps others' taints and the time of ours", () => {
  const mine: Taint = {
    key: "node.kubernetes.io/not-ready",
    effect: "NoExecute",
    timeAdded: "earlier",
  };
  const other: Taint = { key: "gpu", effect: "NoSchedule" };
  const node: Node = nodeOf("a");
  node.spec = { taints: [other, mine], unschedulable: true };
  node.status!.conditions = [
    { type: "Ready", status: "False" },
    { type: "DiskPressure", status: "True" },
  ];
  const show = (evict: "yes" | "no" | "keep") =>
    wantedTaints(node, { evict, now: "now" }).map((t) => `${t.key}:${t.effect}@${t.timeAdded}`);
  assert.deepEqual(show("keep"), [
    "gpu:NoSchedule@undefined",
    "node.kubernetes.io/not-ready:NoExecute@earlier",
    "node.kubernetes.io/not-ready:NoSchedule@now",
    "node.kubernetes.io/disk-pressure:NoSchedule@now",
    "node.kubernetes.io/unschedulable:NoSchedule@now",
  ]);
  assert(!show("no").some((line) => line.includes("NoExecute")));
});

Deno.test("zoneState() tells a broken node from a broken view", () => {
  const cases: [number, number, string][] = [
    [3, 0, "normal"],
    [0, 1, "full"],
    [3, 2, "normal"],
    [2, 3, "partial"],
    [0, 9, "full"],
  ];
  for (const [ready, notReady, want] of cases) assert.equal(zoneState(ready, notReady), want);
});

Deno.test("evictInMs() and tolerates() follow the taint documentation", () => {
  const taint: Taint = { key: "k", value: "v", effect: "NoExecute", timeAdded: "1970-01-01" };
  const at = (now: number) => ({ now, since: now });
  assert(tolerates({ operator: "Exists" }, taint));
  assert(tolerates({ key: "k", value: "v", effect: "NoExecute" }, taint));
  assert(!tolerates({ key: "k", value: "w" }, taint));
  assert(!tolerates({ key: "k", operator: "Exists", effect: "NoSchedule" }, taint));
  const pod = podOf("p", "web");
  assert.equal(evictInMs(pod, [taint], at(0)), 0);
  assert.equal(evictInMs(pod, [], at(0)), undefined);
  pod.spec!.tolerations = [{ key: "k", operator: "Exists" }];
  assert.equal(evictInMs(pod, [taint], at(0)), undefined);
  pod.spec!.tolerations.push({ operator: "Exists", tolerationSeconds: 5 });
  assert.equal(evictInMs(pod, [taint], at(2000)), 3000);
  const undated: Taint = { key: "k", value: "v", effect: "NoExecute" };
  assert.equal(evictInMs(pod, [undated], { now: 9000, since: 7000 }), 3000);
});
