import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { podGcController, podsToRemove } from "./pod_gc.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { nodeOf, podOf } from "./testing/objects.ts";

Deno.test("podgc removes the pods of a node that is gone for long, and no others", async () => {
  const cluster = new FakeCluster();
  await cluster.create(resources.nodes, nodeOf("a"));
  for (const node of ["a", "gone"]) {
    const pod = podOf(`on-${node}`, "web");
    pod.spec!.nodeName = node;
    await cluster.create(resources.pods, pod);
  }
  await cluster.create(resources.pods, podOf("pending", "web"));
  await cluster.run(podGcController);
  await cluster.advance(30_000);
  assert.equal(cluster.all(resources.pods).length, 3);
  await cluster.advance(40_000);
  assert.deepEqual(cluster.all(resources.pods).map(({ metadata }) => metadata.name), [
    "on-a",
    "pending",
  ]);
  assert(cluster.writes.includes("patch pods/status shop/on-gone"));
  cluster.stop();
});

Deno.test("podsToRemove() finds what no kubelet will finish, and old finished pods beyond the limit", () => {
  const lost = nodeOf("lost");
  lost.status!.conditions![0]!.status = "Unknown";
  lost.spec = { taints: [{ key: "node.kubernetes.io/out-of-service", effect: "NoExecute" }] };
  const deleting = (name: string, nodeName?: string) => {
    const pod = podOf(name, "web");
    pod.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    if (nodeName) pod.spec!.nodeName = nodeName;
    return pod;
  };
  const finished = (name: string, creationTimestamp: string) => {
    const pod = podOf(name, "web");
    pod.metadata.creationTimestamp = creationTimestamp;
    pod.status = { phase: "Succeeded" };
    return pod;
  };
  const plan = podsToRemove([
    podOf("ok", "web"),
    deleting("never-bound"),
    deleting("stuck", "lost"),
    deleting("going", "fine"),
    finished("new", "2026-01-02T00:00:00Z"),
    finished("old", "2026-01-01T00:00:00Z"),
  ], {
    gone: new Set(),
    nodeOf: (name) => name === "lost" ? lost : name === "fine" ? nodeOf("fine") : undefined,
    maxTerminated: 1,
  });
  assert.deepEqual(plan.map(({ pod, why }) => `${pod.metadata.name}: ${why}`), [
    "never-bound: ",
    "stuck: PodGC: node is out of service",
    "old: ",
  ]);
});
