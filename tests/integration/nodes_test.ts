import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { Cluster } from "./cluster.ts";
import { deploymentOf, podOf } from "./objects.ts";

const namespace = "default";
const taintsOf = async (cluster: Cluster, name: string) =>
  ((await cluster.admin.get(resources.nodes, { name })).spec?.taints ?? []).map(
    ({ key, effect }) => `${key}:${effect}`,
  ).sort();

Deno.test("a node gets a pod network and is open for pods once it is ready", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b"] });
  const nodes = await cluster.all(resources.nodes);
  assert.deepEqual(nodes.map(({ spec }) => spec!.podCIDR).sort(), [
    "10.244.0.0/24",
    "10.244.1.0/24",
  ]);
  assert.deepEqual(await taintsOf(cluster, "a"), []);
});

Deno.test("pods of a node that falls silent are taken out of service, then run elsewhere", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b", "c"] });
  await cluster.create(deploymentOf("web", 6));
  const running = async () =>
    (await cluster.all(resources.pods)).filter(({ metadata, status }) =>
      status?.phase === "Running" && !metadata.deletionTimestamp
    );
  await cluster.until("six pods run", async () => (await running()).length === 6);
  const lost = (await running()).filter(({ spec }) => spec!.nodeName === "a");
  assert.equal(lost.length, 2, "spread over the nodes");
  cluster.node("a").silence();
  await cluster.until(
    "the node is unreachable",
    async () =>
      (await taintsOf(cluster, "a")).join() ===
        "node.kubernetes.io/unreachable:NoExecute,node.kubernetes.io/unreachable:NoSchedule",
    90_000,
  );
  const node = await cluster.admin.get(resources.nodes, { name: "a" });
  const ready = node.status!.conditions!.find(({ type }) => type === "Ready")!;
  assert.deepEqual([ready.status, ready.reason, ready.message], [
    "Unknown",
    "NodeStatusUnknown",
    "Kubelet stopped posting node status.",
  ]);
  const unready = async () =>
    (await cluster.all(resources.pods)).filter(({ status }) =>
      status?.conditions?.some(({ type, status }) => type === "Ready" && status === "False")
    ).map(({ spec }) => spec!.nodeName);
  assert.deepEqual(await unready(), ["a", "a"]);
  await cluster.advance(280_000);
  assert.equal((await running()).length, 6, "five minutes are tolerated by default");
  await cluster.until(
    "six pods run elsewhere",
    async () => (await running()).filter(({ spec }) => spec!.nodeName !== "a").length === 6,
  );
  await cluster.node("a").resume();
  await cluster.until(
    "the node lets go of the old pods",
    async () => (await cluster.all(resources.pods)).length === 6,
  );
  await cluster.until(
    "the node is open again",
    async () => (await taintsOf(cluster, "a")).length === 0,
  );
});

Deno.test("pods of a node that is deleted are removed and replaced", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b"] });
  await cluster.create(deploymentOf("web", 2));
  const placed = async () =>
    (await cluster.all(resources.pods)).filter(({ status }) => status?.phase === "Running").map((
      { spec },
    ) => spec!.nodeName);
  await cluster.until("both run", async () => (await placed()).length === 2);
  cluster.node("a").stop();
  await cluster.admin.delete(resources.nodes, { name: "a" });
  await cluster.until(
    "both run on the other",
    async () => (await placed()).join() === "b,b",
    120_000,
  );
});

Deno.test("a disruption budget holds back evictions until another pod is ready", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b"] });
  await cluster.create(deploymentOf("web", 2), {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web" },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
  });
  const budget = () =>
    cluster.admin.get(resources.poddisruptionbudgets, { namespace, name: "web" });
  await cluster.until(
    "one pod may go",
    async () => (await budget()).status?.disruptionsAllowed === 1,
  );
  const [one, two] = (await cluster.all(resources.pods)).map(({ metadata }) => metadata.name!);
  const evict = (name: string) =>
    cluster.admin.post(resources.pods, { namespace, name }, "eviction", {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { namespace, name },
    });
  await evict(one!);
  await assert.rejects(evict(two!), (error: unknown) => {
    assert.ok(error instanceof StatusError);
    assert.equal(error.code, 429);
    assert.equal(
      error.message,
      "Cannot evict pod as it would violate the pod's disruption budget.",
    );
    return true;
  });
  await cluster.until(
    "another has come",
    async () => (await budget()).status?.disruptionsAllowed === 1,
  );
  await evict(two!);
});

Deno.test("a pod that does not tolerate a new NoExecute taint is evicted, one that does for a while later", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  const toleration = (tolerationSeconds?: number) => ({
    key: "off",
    operator: "Exists",
    effect: "NoExecute",
    ...(tolerationSeconds !== undefined && { tolerationSeconds }),
  });
  await cluster.create(
    podOf("none"),
    podOf("while", { spec: { tolerations: [toleration(30)] } }),
    podOf("ever", { spec: { tolerations: [toleration()] } }),
  );
  const names = async () =>
    (await cluster.all(resources.pods)).filter(({ status }) => status?.phase === "Running").map(
      ({ metadata }) => metadata.name,
    ).join();
  await cluster.until("all run", async () => await names() === "ever,none,while");
  await cluster.patch(resources.nodes, { name: "a" }, {
    spec: { taints: [{ key: "off", effect: "NoExecute" }] },
  });
  await cluster.until("the first is gone", async () => await names() === "ever,while", 5000);
  await cluster.advance(20_000);
  assert.equal(await names(), "ever,while");
  await cluster.until("the second is gone", async () => await names() === "ever", 15_000);
});
