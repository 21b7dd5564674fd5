import assert from "node:assert/strict";
import type { Deployment, ReplicaSet } from "../../shared/api/apps/v1/types.gen.ts";
import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { Cluster } from "./cluster.ts";
import { play } from "./fake_kubelet.ts";
import { deploymentOf } from "./objects.ts";

const ref = { namespace: "default", name: "web" };

async function setup(deployment: Deployment) {
  const cluster = await Cluster.start({ nodes: ["a", "b"] });
  await cluster.create(deployment);
  const get = () => cluster.admin.get(resources.deployments, ref);
  const pods = () => cluster.all(resources.pods);
  const sets = () => cluster.all(resources.replicasets);
  const rolledOut = async () => {
    const { metadata, spec, status = {} } = await get();
    return status.observedGeneration === metadata.generation &&
      status.updatedReplicas === spec.replicas && status.replicas === spec.replicas &&
      status.availableReplicas === spec.replicas;
  };
  await cluster.until("the Deployment is rolled out", rolledOut);
  const setImage = (image: string) =>
    cluster.patch(resources.deployments, ref, {
      spec: { template: { spec: { containers: [{ name: "c", image }] } } },
    });
  return { cluster, get, pods, sets, rolledOut, setImage };
}

const images = (pods: Pod[]) => [...new Set(pods.map(({ spec }) => spec!.containers[0]!.image))];
const revision = (object: Deployment | ReplicaSet) =>
  object.metadata.annotations?.["deployment.kubernetes.io/revision"];

Deno.test("a Deployment is rolled out without ever having too few pods ready", async () => {
  const { cluster, get, pods, sets, rolledOut, setImage } = await setup(deploymentOf("web", 4));
  await using _ = cluster;
  await setImage("web:2");
  let least = Infinity;
  let most = 0;
  await cluster.until("the new image is rolled out", async () => {
    const all = await pods();
    const ready = all.filter(({ metadata, status }) =>
      !metadata.deletionTimestamp &&
      status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
    );
    least = Math.min(least, ready.length);
    most = Math.max(most, all.filter(({ metadata }) => !metadata.deletionTimestamp).length);
    return await rolledOut() && all.length === 4;
  });
  assert.deepEqual(images(await pods()), ["web:2"]);
  assert.deepEqual([least, most], [3, 5], "25 % unavailable at most, 25 % more at most");
  assert.equal(revision(await get()), "2");
  assert.deepEqual((await sets()).map(revision).sort(), ["1", "2"]);
});

Deno.test("a Deployment's rollback takes up the old ReplicaSet under a new revision", async () => {
  const { cluster, pods, sets, rolledOut, setImage } = await setup(deploymentOf("web", 2));
  await using _ = cluster;
  const [first] = await sets();
  await setImage("web:2");
  await cluster.until("the new image is rolled out", rolledOut);
  // What `kubectl rollout undo` does: the template of the old ReplicaSet without its hash label.
  const { metadata, spec } = first!.spec.template!;
  const { "pod-template-hash": _hash, ...labels } = metadata!.labels!;
  await cluster.admin.patch(
    resources.deployments,
    ref,
    [{ op: "replace", path: "/spec/template", value: { metadata: { labels }, spec } }],
    { type: "json" },
  );
  await cluster.until(
    "the old image is back",
    async () =>
      await rolledOut() && images(await pods())[0] === "web:1" && (await pods()).length === 2,
  );
  const all = await sets();
  assert.equal(all.length, 2);
  const back = all.find(({ metadata }) => metadata.uid === first!.metadata.uid)!;
  assert.equal(revision(back), "3");
  assert.equal(back.spec.replicas, 2);
});

Deno.test("a Deployment is scaled through its scale subresource, also while paused", async () => {
  const { cluster, pods, setImage, rolledOut } = await setup(deploymentOf("web", 2));
  await using _ = cluster;
  await cluster.patch(resources.deployments, ref, { spec: { paused: true } });
  await setImage("web:2");
  await cluster.admin.patch(resources.deployments, ref, { spec: { replicas: 5 } }, {
    type: "merge",
    subresource: "scale",
  });
  await cluster.until("there are five pods", async () => (await pods()).length === 5);
  await cluster.advance(5000);
  assert.deepEqual(images(await pods()), ["web:1"], "a paused Deployment rolls nothing out");
  await cluster.patch(resources.deployments, ref, { spec: { paused: false } });
  await cluster.until("the new image is rolled out", rolledOut);
  assert.deepEqual(images((await pods()).filter(({ metadata }) => !metadata.deletionTimestamp)), [
    "web:2",
  ]);
});

Deno.test("a Deployment that makes no progress says so when its deadline has passed", async () => {
  const { cluster, get, pods } = await setup(
    deploymentOf("web", 2, { more: { progressDeadlineSeconds: 60 } }),
  );
  await using _ = cluster;
  await cluster.patch(resources.deployments, ref, {
    spec: { template: { metadata: { annotations: { [play.ready]: "never" } } } },
  });
  const progressing = async () =>
    (await get()).status?.conditions?.find(({ type }) => type === "Progressing");
  await cluster.until(
    "the deadline is exceeded",
    async () => (await progressing())?.reason === "ProgressDeadlineExceeded",
    90_000,
  );
  assert.match(
    (await progressing())!.message!,
    /ReplicaSet "web-[a-z0-9]+" has timed out progressing\./,
  );
  const old = (await pods()).filter(({ metadata }) => !metadata.annotations?.[play.ready]);
  assert.equal(old.length, 2, "the old pods go on serving");
});

Deno.test("a ReplicaSet replaces pods that are deleted or fail", async () => {
  const { cluster, pods } = await setup(deploymentOf("web", 3));
  await using _ = cluster;
  const before = (await pods()).map(({ metadata }) => metadata.name!);
  await cluster.admin.delete(resources.pods, { namespace: "default", name: before[0]! });
  await cluster.admin.patch(
    resources.pods,
    { namespace: "default", name: before[1]! },
    { status: { phase: "Failed" } },
    { type: "merge", subresource: "status" },
  );
  const serving = async () => {
    const all = await pods();
    return all.filter(({ metadata, status }) =>
      !metadata.deletionTimestamp && status?.phase === "Running"
    ).map(({ metadata }) => metadata.name!);
  };
  await cluster.until("three pods run", async () => (await serving()).length === 3);
  assert.deepEqual((await serving()).filter((name) => before.includes(name)), [before[2]]);
});
