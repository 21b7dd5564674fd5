import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { Cluster } from "./cluster.ts";
import { podOf } from "./objects.ts";

const namespace = "default";

async function nodeOf(cluster: Cluster, name: string): Promise<string | undefined> {
  return (await cluster.admin.get(resources.pods, { namespace, name })).spec?.nodeName;
}

async function whyPending(cluster: Cluster, name: string): Promise<string> {
  const { status } = await cluster.admin.get(resources.pods, { namespace, name });
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  assert.deepEqual([scheduled?.status, scheduled?.reason], ["False", "Unschedulable"]);
  return scheduled!.message!;
}

async function eventsOf(cluster: Cluster, name: string): Promise<string[]> {
  const events = await cluster.all(resources.events, { namespace });
  return events.filter(({ involvedObject }) => involvedObject.name === name).map((
    { type, reason, message },
  ) => `${type} ${reason} ${message}`);
}

Deno.test("a pod that fits nowhere says why, and is placed when a node with room joins", async () => {
  await using cluster = await Cluster.start();
  await cluster.addNode("small", { cpu: "1" });
  await cluster.addNode("tainted", { taints: [{ key: "gpu", effect: "NoSchedule" }] });
  await cluster.create(podOf("big", { cpu: "2" }));
  await cluster.advance(2000);
  const why = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). " +
    "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
  assert.equal(await whyPending(cluster, "big"), why);
  assert.deepEqual(await eventsOf(cluster, "big"), [`Warning FailedScheduling ${why}`]);
  await cluster.addNode("large", { cpu: "8" });
  await cluster.until("it is placed", async () => await nodeOf(cluster, "big") === "large");
  const events = await eventsOf(cluster, "big");
  assert.ok(events.includes("Normal Scheduled Successfully assigned default/big to large"));
});

Deno.test("pods are placed by their requests, never more than a node has", async () => {
  await using cluster = await Cluster.start();
  await cluster.addNode("a", { cpu: "2" });
  await cluster.addNode("b", { cpu: "2" });
  const names = ["p1", "p2", "p3", "p4", "p5"];
  await cluster.create(...names.map((name) => podOf(name, { cpu: "900m" })));
  await cluster.advance(5000);
  const placed = await Promise.all(names.map((name) => nodeOf(cluster, name)));
  assert.deepEqual(placed.filter(Boolean).sort(), ["a", "a", "b", "b"]);
  const gone = names[placed.findIndex((node) => node === "a")]!;
  await cluster.admin.delete(resources.pods, { namespace, name: gone });
  const waiting = names[placed.indexOf(undefined)]!;
  await cluster.until(
    "the fifth takes the room",
    async () => await nodeOf(cluster, waiting) === "a",
  );
});

Deno.test("a pod goes where its selector, affinity and tolerations allow", async () => {
  await using cluster = await Cluster.start();
  await cluster.addNode("disk", { labels: { disk: "ssd" } });
  await cluster.addNode("gpu", { taints: [{ key: "gpu", effect: "NoSchedule" }] });
  await cluster.addNode("plain");
  const required = (key: string, operator: string, values?: string[]) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values && { values }) }] }],
      },
    },
  });
  const tolerations = [{ key: "gpu", operator: "Exists" }];
  await cluster.create(
    podOf("selects", { spec: { nodeSelector: { disk: "ssd" } } }),
    podOf("avoids", { spec: { affinity: required("disk", "DoesNotExist") } }),
    podOf("tolerates", {
      spec: { tolerations, nodeSelector: { "kubernetes.io/hostname": "gpu" } },
    }),
    podOf("nowhere", { spec: { affinity: required("disk", "In", ["hdd"]), tolerations } }),
  );
  await cluster.advance(3000);
  const names = ["selects", "avoids", "tolerates", "nowhere"];
  const placed = await Promise.all(names.map((name) => nodeOf(cluster, name)));
  assert.deepEqual(placed, ["disk", "plain", "gpu", undefined]);
  assert.match(
    await whyPending(cluster, "nowhere"),
    /^0\/3 nodes are available: 3 node\(s\) didn't match Pod's node affinity\/selector\./,
  );
  await cluster.patch(resources.nodes, { name: "plain" }, {
    metadata: { labels: { disk: "hdd" } },
  });
  await cluster.until(
    "the label lets it in",
    async () => await nodeOf(cluster, "nowhere") === "plain",
  );
});

Deno.test("pods that repel each other are spread, one to a node", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b"] });
  const spec = {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{
          topologyKey: "kubernetes.io/hostname",
          labelSelector: { matchLabels: { app: "db" } },
        }],
      },
    },
  };
  const names = ["p1", "p2", "p3"];
  await cluster.create(...names.map((name) => podOf(name, { labels: { app: "db" }, spec })));
  await cluster.advance(3000);
  const placed = await Promise.all(names.map((name) => nodeOf(cluster, name)));
  assert.deepEqual(placed.filter(Boolean).sort(), ["a", "b"]);
  await cluster.addNode("c");
  await cluster.until(
    "the third has its node",
    async () => (await Promise.all(names.map((name) => nodeOf(cluster, name)))).every(Boolean),
  );
});

Deno.test("pods spread over zones as their constraint says", async () => {
  await using cluster = await Cluster.start();
  for (const zone of ["x", "y"]) {
    await cluster.addNode(`${zone}1`, { labels: { "topology.kubernetes.io/zone": zone } });
  }
  const spec = {
    topologySpreadConstraints: [{
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { app: "web" } },
    }],
  };
  const names = ["p1", "p2", "p3", "p4"];
  await cluster.create(...names.map((name) => podOf(name, { labels: { app: "web" }, spec })));
  await cluster.advance(3000);
  const placed = await Promise.all(names.map((name) => nodeOf(cluster, name)));
  assert.deepEqual(placed.sort(), ["x1", "x1", "y1", "y1"]);
});

Deno.test("an important pod displaces lesser ones when there is no room", async () => {
  await using cluster = await Cluster.start();
  await cluster.addNode("a", { cpu: "2" });
  await cluster.create(
    {
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name: "high" },
      value: 1000,
    },
    podOf("low1", { cpu: "1" }),
    podOf("low2", { cpu: "1" }),
  );
  await cluster.until(
    "the lesser ones run",
    async () =>
      (await cluster.all(resources.pods)).every(({ status }) => status?.phase === "Running"),
  );
  await cluster.create(podOf("vip", { cpu: "1", spec: { priorityClassName: "high" } }));
  await cluster.until(
    "the important one is placed",
    async () => await nodeOf(cluster, "vip") === "a",
  );
  const left = (await cluster.all(resources.pods)).map(({ metadata }) => metadata.name);
  assert.equal(left.length, 2);
  assert.ok(left.includes("vip"));
});

Deno.test("a gated pod is not considered until its gates are lifted; a cordoned node takes none", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create(
    podOf("gated", { spec: { schedulingGates: [{ name: "example.com/wait" }] } }),
  );
  await cluster.advance(5000);
  assert.equal(await nodeOf(cluster, "gated"), undefined);
  await cluster.patch(resources.nodes, { name: "a" }, { spec: { unschedulable: true } });
  await cluster.patch(resources.pods, { namespace, name: "gated" }, {
    spec: { schedulingGates: null },
  });
  await cluster.advance(2000);
  assert.match(await whyPending(cluster, "gated"), /1 node\(s\) were unschedulable/);
  await cluster.patch(resources.nodes, { name: "a" }, { spec: { unschedulable: null } });
  await cluster.until("it is placed", async () => await nodeOf(cluster, "gated") === "a");
});
