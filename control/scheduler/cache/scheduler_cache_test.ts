import assert from "node:assert/strict";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { makeNode, makePod, type PodOptions } from "../testing/harness.ts";
import { PodInfo } from "./pod_info.ts";
import { SchedulerCache } from "./scheduler_cache.ts";

function info(name: string, options: PodOptions = {}): PodInfo {
  return new PodInfo(makePod(name, options));
}
const web = {
  key: "web",
  matches: (pod: PodInfo) => pod.labels["app"] === "web",
};
function labelled(name: string, nodeName: string, app: string): PodInfo {
  return info(name, { nodeName, metadata: { labels: { app } } });
}

Deno.test("SchedulerCache counts what pods request, assumed and seen, once", () => {
  const cache = new SchedulerCache();
  const { info: node } = cache.setNode(makeNode("n"));
  cache.assume(info("a", { cpu: "1" }), node);
  assert.equal(node.requested.milliCPU, 1000);
  cache.setPod(info("a", { cpu: "1", nodeName: "n" }));
  assert.equal(node.requested.milliCPU, 1000);
  cache.forget("uid-a");
  assert.equal(node.requested.milliCPU, 1000, "seen bound: no assumption to forget");
  cache.setPod(info("a", { cpu: "2", nodeName: "n" }));
  assert.equal(node.requested.milliCPU, 2000, "resized");
  cache.removePod("uid-a");
  assert.deepEqual([node.requested.milliCPU, node.pods.size], [0, 0]);
});

Deno.test("SchedulerCache forgets an assumption and refuses a second one", () => {
  const cache = new SchedulerCache();
  const { info: node } = cache.setNode(makeNode("n"));
  cache.assume(info("a", { cpu: "1" }), node);
  assert.throws(() => cache.assume(info("a"), node), TypeError);
  cache.forget("uid-a");
  assert.deepEqual([node.requested.milliCPU, cache.placement("uid-a")], [0, undefined]);
});

Deno.test("SchedulerCache moves a pod that was bound elsewhere than assumed", () => {
  const cache = new SchedulerCache();
  const a = cache.setNode(makeNode("a")).info;
  const b = cache.setNode(makeNode("b")).info;
  cache.assume(info("p", { cpu: "1" }), a);
  cache.setPod(info("p", { cpu: "1", nodeName: "b" }));
  assert.deepEqual([a.requested.milliCPU, b.requested.milliCPU], [0, 1000]);
});

Deno.test("SchedulerCache keeps counting pods of a node that is gone, or not there yet", () => {
  const cache = new SchedulerCache();
  cache.setPod(info("p", { cpu: "1", nodeName: "n" }));
  assert.deepEqual([cache.node("n"), cache.nodes().length], [undefined, 0]);
  cache.setNode(makeNode("n"));
  assert.equal(cache.node("n")?.requested.milliCPU, 1000);
  cache.removeNode("n");
  assert.equal(cache.nodes().length, 0);
  cache.setNode(makeNode("n"));
  assert.equal(cache.node("n")?.requested.milliCPU, 1000);
});

Deno.test("SchedulerCache says what of a node has changed", () => {
  const cache = new SchedulerCache();
  const changes = (...args: Parameters<typeof makeNode>) =>
    cache.setNode(makeNode(...args)).changes;
  assert.deepEqual(changes("n"), ["NodeAdd"]);
  assert.deepEqual(changes("n"), []);
  assert.deepEqual(changes("n", { cpu: "8" }), ["NodeAllocatable"]);
  assert.deepEqual(changes("n", { cpu: "8", labels: { a: "b" } }), ["NodeLabels"]);
  const spec = { unschedulable: true };
  assert.deepEqual(changes("n", { cpu: "8", labels: { a: "b" }, spec }), ["NodeTaints"]);
});

Deno.test("SchedulerCache orders nodes zone by turn", () => {
  const cache = new SchedulerCache();
  for (const [name, zone] of [["a1", "a"], ["a2", "a"], ["a3", "a"], ["b1", "b"]] as const) {
    cache.setNode(makeNode(name, { labels: { "topology.kubernetes.io/zone": zone } }));
  }
  assert.deepEqual(cache.nodes().map(({ name }) => name), ["a1", "b1", "a2", "a3"]);
});

Deno.test("SchedulerCache keeps counts of queries up to date", () => {
  const cache = new SchedulerCache();
  const node = cache.setNode(makeNode("n")).info;
  cache.setPod(labelled("a", "n", "web"));
  const counts = cache.count(web);
  assert.equal(counts.get(node), 1);
  cache.assume(labelled("b", "", "web"), node);
  cache.setPod(labelled("c", "n", "db"));
  assert.equal(counts.get(node), 2);
  cache.setPod(labelled("a", "n", "db"));
  cache.forget("uid-b");
  assert.equal(counts.size, 0);
  assert.equal(cache.count(web), counts, "asked again, nothing is counted again");
});

Deno.test("SchedulerCache knows on how many nodes an image is", () => {
  const cache = new SchedulerCache();
  const node = (name: string, ...names: string[]) => {
    const made = makeNode(name);
    made.status!.images = [{ names, sizeBytes: 1 }];
    return made;
  };
  cache.setNode(node("a", "app:1"));
  cache.setNode(node("b", "app:1", "db:1"));
  cache.setNode(node("a", "db:1"));
  assert.deepEqual([cache.imageSpread("app:1"), cache.imageSpread("db:1")], [1, 2]);
  cache.removeNode("b");
  assert.deepEqual([cache.imageSpread("app:1"), cache.imageSpread("db:1")], [0, 1]);
});

Deno.test("PodInfo counts host ports of sidecars, and claims of both kinds", () => {
  const pod: Pod = makePod("p", {
    initContainers: [
      { name: "s", restartPolicy: "Always", ports: [{ containerPort: 1, hostPort: 53 }] },
      { name: "i", ports: [{ containerPort: 1, hostPort: 99 }] },
    ],
    volumes: [
      { name: "x", persistentVolumeClaim: { claimName: "data" } },
      { name: "tmp", ephemeral: {} },
      { name: "c", configMap: {} },
    ],
  });
  const { hostPorts, claims } = new PodInfo(pod);
  assert.deepEqual(hostPorts, [{ ip: "0.0.0.0", protocol: "TCP", port: 53 }]);
  assert.deepEqual(claims, ["data", "p-tmp"]);
});
