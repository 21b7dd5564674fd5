import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { Cluster } from "./cluster.ts";
import { deploymentOf, jobOf, namespaceOf, podOf, templateOf } from "./objects.ts";
import { play } from "./fake_kubelet.ts";

const namespace = "shop";

Deno.test("a new Namespace gets its service account and the cluster's roots, and gets them back", async () => {
  await using cluster = await Cluster.start();
  await cluster.create(namespaceOf(namespace));
  const account = () =>
    cluster.admin.find(resources.serviceaccounts, { namespace, name: "default" });
  const roots = () =>
    cluster.admin.find(resources.configmaps, { namespace, name: "kube-root-ca.crt" });
  const both = async () => await account() !== undefined && await roots() !== undefined;
  await cluster.until("both are there", both, 2000);
  assert.deepEqual((await roots())!.data, { "ca.crt": "authority" });
  await cluster.admin.delete(resources.serviceaccounts, { namespace, name: "default" });
  await cluster.patch(resources.configmaps, { namespace, name: "kube-root-ca.crt" }, {
    data: { "ca.crt": "other" },
  });
  await cluster.until(
    "both are as they were",
    async () => await both() && (await roots())!.data!["ca.crt"] === "authority",
    2000,
  );
});

Deno.test("a ResourceQuota holds back pods and lets them in when others have gone", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create(namespaceOf(namespace), {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "two", namespace },
    spec: { hard: { pods: "2" } },
  });
  await cluster.advance(1000);
  const web = deploymentOf("web", 3);
  await cluster.create({ ...web, metadata: { ...web.metadata, namespace } });
  const running = async () =>
    (await cluster.all(resources.pods, { namespace })).filter(({ status }) =>
      status?.phase === "Running"
    ).length;
  await cluster.until("two pods run", async () => await running() === 2);
  const set = async () => (await cluster.all(resources.replicasets, { namespace }))[0]!;
  const failure = (await set()).status?.conditions?.find(({ type }) => type === "ReplicaFailure");
  assert.match(
    failure?.message ?? "",
    /^pods "web-[a-z0-9]+-[a-z0-9]+" is forbidden: exceeded quota: two, requested: pods=1, used: pods=2, limited: pods=2$/,
  );
  const quota = await cluster.admin.get(resources.resourcequotas, { namespace, name: "two" });
  assert.deepEqual(quota.status, { hard: { pods: "2" }, used: { pods: "2" } });
  await cluster.patch(resources.deployments, { namespace, name: "web" }, { spec: { replicas: 1 } });
  await cluster.until(
    "one pod is left",
    async () => (await cluster.all(resources.pods, { namespace })).length === 1,
  );
  const other = podOf("other");
  await cluster.until("another is let in", async () => {
    try {
      await cluster.create({ ...other, metadata: { ...other.metadata, namespace } });
      return true;
    } catch (error) {
      if (isStatus(error, "Forbidden")) return false;
      throw error;
    }
  }, 10_000);
  cluster.forgive(/exceeded quota: two/);
});

Deno.test("a LimitRange fills in what pods leave out", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create({
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: { name: "small" },
    spec: { limits: [{ type: "Container", defaultRequest: { cpu: "100m" }, max: { cpu: "1" } }] },
  });
  await cluster.create(podOf("p"));
  const pod = await cluster.admin.get(resources.pods, { namespace: "default", name: "p" });
  assert.deepEqual(pod.spec!.containers[0]!.resources, {
    limits: { cpu: "1" },
    requests: { cpu: "100m" },
  });
});

Deno.test("a Recreate Deployment never runs two versions at once", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create(deploymentOf("web", 2, { more: { strategy: { type: "Recreate" } } }));
  const ref = { namespace: "default", name: "web" };
  const get = () => cluster.admin.get(resources.deployments, ref);
  await cluster.until("it runs", async () => (await get()).status?.availableReplicas === 2);
  await cluster.patch(resources.deployments, ref, {
    spec: { template: templateOf("web", { image: "web:2" }) },
  });
  await cluster.until("the new version runs", async () => {
    const pods = await cluster.all(resources.pods);
    const images = new Set(pods.map(({ spec }) => spec!.containers[0]!.image));
    assert.ok(images.size <= 1, [...images].join());
    return images.has("web:2") && (await get()).status?.availableReplicas === 2;
  });
});

Deno.test("a finished Job goes when its time to live is over; a suspended one runs nothing", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  await cluster.create(
    jobOf("brief", { ttlSecondsAfterFinished: 30 }, { [play.runsFor]: "1000" }),
    jobOf("later", { suspend: true, completionMode: "Indexed", completions: 3, parallelism: 3 }, {
      [play.runsFor]: "1000",
    }),
  );
  const find = (name: string) => cluster.admin.find(resources.jobs, { namespace: "default", name });
  await cluster.until(
    "the brief one is done",
    async () => (await find("brief"))?.status?.succeeded === 1,
  );
  assert.equal((await cluster.all(resources.pods)).length, 1);
  await cluster.until(
    "the brief one is gone",
    async () => await find("brief") === undefined,
    40_000,
  );
  await cluster.until(
    "so is its pod",
    async () => (await cluster.all(resources.pods)).length === 0,
  );
  await cluster.patch(resources.jobs, { namespace: "default", name: "later" }, {
    spec: { suspend: false },
  });
  await cluster.until(
    "the other is complete",
    async () => (await find("later"))?.status?.completedIndexes === "0-2",
  );
  const indexes = (await cluster.all(resources.pods)).map(({ metadata }) =>
    metadata.annotations?.["batch.kubernetes.io/job-completion-index"]
  );
  assert.deepEqual(indexes.sort(), ["0", "1", "2"]);
});

Deno.test("a pod that is being deleted waits for its finalizer, then goes", async () => {
  await using cluster = await Cluster.start({ nodes: ["a"] });
  const pod = podOf("held");
  await cluster.create({
    ...pod,
    metadata: { ...pod.metadata, finalizers: ["example.com/hold"] },
  });
  const ref = { namespace: "default", name: "held" };
  const find = () => cluster.admin.find(resources.pods, ref);
  await cluster.until("it runs", async () => (await find())?.status?.phase === "Running");
  await cluster.admin.delete(resources.pods, ref);
  await cluster.advance(60_000);
  assert.ok((await find())?.metadata.deletionTimestamp);
  await cluster.patch(resources.pods, ref, { metadata: { finalizers: null } });
  await cluster.until("it is gone", async () => await find() === undefined);
});

Deno.test("a node's agent gets tokens for its pods and for no other account", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b"] });
  await cluster.create(podOf("p", { spec: { nodeName: "a" } }));
  const pod = await cluster.admin.get(resources.pods, { namespace: "default", name: "p" });
  const ask = (node: string) =>
    cluster.clientAs({
      name: `system:node:${node}`,
      groups: ["system:nodes", "system:authenticated"],
    }).post<{ status: { token: string } }>(
      resources.serviceaccounts,
      { namespace: "default", name: "default" },
      "token",
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: {
          expirationSeconds: 3600,
          boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p", uid: pod.metadata.uid },
        },
      },
    );
  const { status: { token } } = await ask("a");
  const whoAmI = () =>
    cluster.request("/apis/authentication.k8s.io/v1/selfsubjectreviews", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}',
    });
  const { status } = await (await whoAmI()).json();
  assert.equal(status.userInfo.username, "system:serviceaccount:default:default");
  await assert.rejects(ask("b"), (error) => isStatus(error, "Forbidden"));
  cluster.forgive(/no relationship found between node .b. and this object/);
  await cluster.admin.delete(resources.pods, { namespace: "default", name: "p" });
  await cluster.until(
    "the pod is gone",
    async () =>
      await cluster.admin.find(resources.pods, { namespace: "default", name: "p" }) === undefined,
  );
  assert.equal((await whoAmI()).status, 401, "a token ends with the pod it is bound to");
});
