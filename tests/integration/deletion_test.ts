import assert from "node:assert/strict";
import type { KubeObject } from "../../shared/api/kind.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { Cluster, type Written } from "./cluster.ts";
import { deploymentOf, jobOf, namespaceOf, serviceOf } from "./objects.ts";

const shop = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: "shop" },
});
const configMapOf = (name: string, metadata: Partial<KubeObject["metadata"]> = {}): Written => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
});

Deno.test("a deleted Namespace takes everything in it along and refuses what is new", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create(
    namespaceOf("shop"),
    shop(deploymentOf("web", 2)),
    shop(serviceOf("web", "web")),
    shop(jobOf("sum", {}, {})),
    shop(configMapOf("settings")),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "r", namespace: "shop" },
      rules: [],
    },
  );
  const pods = () => cluster.all(resources.pods, { namespace: "shop" });
  await cluster.until(
    "its pods run",
    async () => (await pods()).filter(({ status }) => status?.phase === "Running").length === 3,
  );
  const account = await cluster.admin.get(resources.serviceaccounts, {
    namespace: "shop",
    name: "default",
  });
  assert.ok(account.metadata.uid);
  await cluster.admin.delete(resources.namespaces, { name: "shop" });
  await assert.rejects(
    cluster.create(shop(configMapOf("late"))),
    (error: Error) =>
      isStatus(error, "Forbidden") &&
      error.message === 'configmaps "late" is forbidden: unable to create new content in ' +
          "namespace shop because it is being terminated",
  );
  const namespace = () => cluster.admin.find(resources.namespaces, { name: "shop" });
  await cluster.until("the Namespace is gone", async () => await namespace() === undefined);
  for (const resource of Object.values(resources)) {
    const verbs = ["bindings", "componentstatuses"];
    if (!resource.namespaced || verbs.includes(resource.plural)) continue;
    if (resource.plural.endsWith("reviews")) continue;
    assert.deepEqual(await cluster.all(resource as never, { namespace: "shop" }), []);
  }
});

Deno.test("a Namespace waits for finalizers of its content and says so", async () => {
  await using cluster = await Cluster.start({ nodes: [] });
  await cluster.create(
    namespaceOf("shop"),
    shop(configMapOf("held", { finalizers: ["example.com/keep"] })),
  );
  await cluster.admin.delete(resources.namespaces, { name: "shop" });
  await cluster.advance(5000);
  const { status } = await cluster.admin.get(resources.namespaces, { name: "shop" });
  assert.equal(status!.phase, "Terminating");
  const conditions = new Map(status!.conditions!.map((one) => [one.type, one]));
  assert.equal(
    conditions.get("NamespaceFinalizersRemaining")!.message,
    "Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances",
  );
  assert.equal(
    conditions.get("NamespaceContentRemaining")!.message,
    "Some resources are remaining: configmaps. has 1 resource instances",
  );
  await cluster.patch(resources.configmaps, { namespace: "shop", name: "held" }, {
    metadata: { finalizers: null },
  });
  await cluster.until(
    "the Namespace is gone",
    async () => await cluster.admin.find(resources.namespaces, { name: "shop" }) === undefined,
  );
});

for (
  const { policy, sentence } of [
    { policy: "Background", sentence: "at once, what it owned after it" },
    { policy: "Foreground", sentence: "when what it owned is gone" },
    { policy: "Orphan", sentence: "alone, and what it owned lives on" },
  ] as const
) {
  Deno.test(`a Deployment deleted with ${policy} goes ${sentence}`, async () => {
    await using cluster = await Cluster.start({ nodes: ["a"] });
    await cluster.create(deploymentOf("web", 2));
    const ref = { namespace: "default", name: "web" };
    const find = () => cluster.admin.find(resources.deployments, ref);
    const count = async () =>
      [
        await find() ? 1 : 0,
        (await cluster.all(resources.replicasets)).length,
        (await cluster.all(resources.pods)).length,
      ].join();
    await cluster.until(
      "it is available",
      async () => (await find())?.status?.availableReplicas === 2,
    );
    await cluster.admin.delete(resources.deployments, ref, { propagationPolicy: policy });
    const seen = [await count()];
    const end = policy === "Orphan" ? "0,1,2" : "0,0,0";
    await cluster.until("it is gone", async () => {
      seen.push(await count());
      return seen.at(-1) === end;
    });
    await cluster.advance(60_000);
    assert.equal(await count(), end);
    if (policy === "Background") assert.equal(seen[0], "0,1,2");
    if (policy === "Foreground") {
      assert.equal(seen[0], "1,1,2");
      const rank = (state: string) => Number(state.replaceAll(",", ""));
      assert.deepEqual(seen, [...seen].sort((a, b) => rank(b) - rank(a)));
      assert.ok(seen.every((state) => !/^0,1|,0,[12]$/.test(state)), seen.join(" "));
    }
    if (policy === "Orphan") {
      const [set] = await cluster.all(resources.replicasets);
      assert.equal(set!.metadata.ownerReferences, undefined);
    }
  });
}

Deno.test("an object whose owner never was is collected, one with another owner left is not", async () => {
  await using cluster = await Cluster.start({ nodes: [] });
  await cluster.create(configMapOf("owner"));
  const owner = await cluster.admin.get(resources.configmaps, {
    namespace: "default",
    name: "owner",
  });
  const reference = (name: string, uid: string) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    name,
    uid,
  });
  const absent = reference("absent", "11111111-2222-4333-8444-555555555555");
  const present = reference("owner", owner.metadata.uid!);
  await cluster.create(
    configMapOf("lost", { ownerReferences: [absent] }),
    configMapOf("shared", { ownerReferences: [absent, present] }),
  );
  const names = async () =>
    (await cluster.all(resources.configmaps, { namespace: "default" }))
      .map(({ metadata }) => metadata.name).filter((name) => name !== "kube-root-ca.crt").sort();
  await cluster.until("the lost one is gone", async () => !(await names()).includes("lost"));
  await cluster.advance(60_000);
  assert.deepEqual(await names(), ["owner", "shared"]);
  await cluster.admin.delete(resources.configmaps, { namespace: "default", name: "owner" });
  await cluster.until("the shared one follows", async () => (await names()).length === 0);
});
