import assert from "node:assert/strict";
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
} from "../../../shared/api/core/v1/types.gen.ts";
import type { CSINode, StorageClass } from "../../../shared/api/storage/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { settle } from "../../../shared/clock/fake_clock.ts";
import { PodInfo } from "../cache/pod_info.ts";
import { makeNode, makePod } from "../testing/harness.ts";
import { PluginFixture, stored } from "../testing/plugin_fixture.ts";
import { nodeVolumeLimits } from "./node_volume_limits.ts";
import { volumeBinding } from "./volume_binding.ts";
import { volumeRestrictions } from "./volume_restrictions.ts";
import { volumeZone } from "./volume_zone.ts";

const nodes = [makeNode("a"), makeNode("b")];
const hostname = "kubernetes.io/hostname";

function using(claim: string, name = "p", more: Partial<Pod["spec"]> = {}): Pod {
  return makePod(name, {
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: claim } }],
    ...more,
  });
}
function claim(spec: PersistentVolumeClaim["spec"], more: Partial<PersistentVolumeClaim> = {}) {
  const annotations = spec?.volumeName ? { "pv.kubernetes.io/bind-completed": "yes" } : {};
  const metadata = { name: "data", namespace: "shop", uid: "uid-data", annotations };
  return stored(resources.persistentvolumeclaims, { metadata, spec, ...more });
}
function volume(name: string, node: string, more: Partial<PersistentVolume> = {}) {
  const term = { matchExpressions: [{ key: hostname, operator: "In", values: [node] }] };
  return stored(resources.persistentvolumes, {
    metadata: { name, resourceVersion: "1" },
    spec: {
      capacity: { storage: "10Gi" },
      accessModes: ["ReadWriteOnce"],
      storageClassName: "local",
      nodeAffinity: { required: { nodeSelectorTerms: [term] } },
    },
    status: { phase: "Available" },
    ...more,
  });
}
function storageClass(more: Partial<StorageClass> = {}) {
  return stored(resources.storageclasses, {
    metadata: { name: "local" },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
    ...more,
  });
}
const wants = (storage: string): PersistentVolumeClaim["spec"] => ({
  storageClassName: "local",
  accessModes: ["ReadWriteOnce"],
  resources: { requests: { storage } },
});
const notFound = "! node(s) didn't find available persistent volumes to bind";

const cases: readonly {
  title: string;
  objects: ReturnType<typeof claim>[];
  want: Record<string, string>;
}[] = [
  {
    title: "a missing claim",
    objects: [],
    want: { "*": '! persistentvolumeclaim "data" not found' },
  },
  {
    title: "a claim that binds by itself and has not",
    objects: [claim({ storageClassName: "none" })],
    want: { "*": "! pod has unbound immediate PersistentVolumeClaims" },
  },
  {
    title: "a lost claim",
    objects: [claim({ volumeName: "gone" }, { status: { phase: "Lost" } })],
    want: { "*": '! persistentvolumeclaim "data" bound to non-existent persistentvolume "gone"' },
  },
  {
    title: "a bound claim on one node",
    objects: [claim({ volumeName: "v" }), volume("v", "a")],
    want: { a: "", b: "! node(s) didn't match PersistentVolume's node affinity" },
  },
  {
    title: "a bound claim whose volume is gone",
    objects: [claim({ volumeName: "v" })],
    want: {
      a: "! node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
      b: "! node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
    },
  },
  {
    title: "a waiting claim that a volume suits",
    objects: [claim(wants("5Gi")), storageClass(), volume("v", "b")],
    want: { a: notFound, b: "" },
  },
  {
    title: "a waiting claim that no volume is large enough for",
    objects: [claim(wants("50Gi")), storageClass(), volume("v", "b")],
    want: { a: notFound, b: notFound },
  },
  {
    title: "a waiting claim of a class that provisions",
    objects: [claim(wants("5Gi")), storageClass({ provisioner: "example.com/local" })],
    want: { a: "", b: "" },
  },
  {
    title: "a waiting claim of a class that provisions for some nodes",
    objects: [
      claim(wants("5Gi")),
      storageClass({
        provisioner: "example.com/local",
        allowedTopologies: [{ matchLabelExpressions: [{ key: hostname, values: ["a"] }] }],
      }),
    ],
    want: { a: "", b: notFound },
  },
];
for (const { title, objects, want } of cases) {
  Deno.test(`VolumeBinding filter() judges ${title}`, () => {
    const fixture = new PluginFixture(volumeBinding, { nodes, objects });
    assert.deepEqual(fixture.verdicts(using("data")), want);
  });
}

Deno.test("VolumeBinding names the controller that a generic ephemeral volume waits for", () => {
  const fixture = new PluginFixture(volumeBinding, { nodes });
  const pod = makePod("p", { volumes: [{ name: "scratch", ephemeral: {} }] });
  assert.deepEqual(fixture.verdicts(pod), {
    "*": "! waiting for ephemeral volume controller to create the persistentvolumeclaim " +
      '"p-scratch"',
  });
});

Deno.test("VolumeBinding gives a volume to a claim once and waits until it is bound", async () => {
  const fixture = new PluginFixture(volumeBinding, {
    nodes,
    objects: [claim(wants("5Gi")), storageClass(), volume("v", "b")],
  });
  const { plugin, cache, api } = fixture;
  const pod = new PodInfo(using("data"));
  const node = cache.node("b")!;
  assert.equal(plugin.reserve!(pod, node).code, "Success");
  assert.deepEqual(fixture.verdicts(using("data", "other")), { a: notFound, b: notFound });
  let isDone = false;
  const done = plugin.preBind!(pod, node)!
    .then(() => isDone = true);
  await settle();
  assert.equal(api.of(resources.persistentvolumes).get("v")?.spec?.claimRef?.uid, "uid-data");
  assert.equal(isDone, false);
  api.edit(resources.persistentvolumeclaims, "shop/data", (object) => {
    object.spec!.volumeName = "v";
    object.metadata.annotations = { "pv.kubernetes.io/bind-completed": "yes" };
  });
  await done;
});

Deno.test("VolumeBinding tells the provisioner the node, and gives up when the claim goes", async () => {
  const objects = [claim(wants("5Gi")), storageClass({ provisioner: "example.com/local" })];
  const { plugin, cache, api } = new PluginFixture(volumeBinding, { nodes, objects });
  const pod = new PodInfo(using("data"));
  const node = cache.node("a")!;
  assert.equal(plugin.reserve!(pod, node).code, "Success");
  const done = plugin.preBind!(pod, node)!;
  await settle();
  const annotations = api.of(resources.persistentvolumeclaims).get("shop/data")?.metadata
    .annotations;
  assert.equal(annotations?.["volume.kubernetes.io/selected-node"], "a");
  api.remove(resources.persistentvolumeclaims, "shop/data");
  await assert.rejects(done, {
    message: 'binding volumes: persistentvolumeclaim "data" not found',
  });
});

Deno.test("VolumeBinding needs nothing before a pod with bound claims is bound", () => {
  const objects = [claim({ volumeName: "v" }), volume("v", "a")];
  const { plugin, cache } = new PluginFixture(volumeBinding, { nodes, objects });
  const pod = new PodInfo(using("data"));
  plugin.reserve!(pod, cache.node("a")!);
  assert.equal(plugin.preBind!(pod, cache.node("a")!), undefined);
});

Deno.test("VolumeRestrictions filter() lets one pod use a ReadWriteOncePod claim", () => {
  const inUse =
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode " +
    "already in-use by another pod";
  const fixture = new PluginFixture(volumeRestrictions, {
    nodes,
    objects: [claim({ volumeName: "v", accessModes: ["ReadWriteOncePod"] })],
  });
  assert.deepEqual(fixture.verdicts(using("data")), { a: "", b: "" });
  fixture.cache.setPod(new PodInfo(using("data", "first", { nodeName: "a" })));
  assert.deepEqual(fixture.verdicts(using("data")), { a: inUse, b: inUse });
});

Deno.test("VolumeZone filter() follows the zone labels of volumes", () => {
  const key = "topology.kubernetes.io/zone";
  const zonal = volume("v", "a", { metadata: { name: "v", labels: { [key]: "x__y" } } });
  const fixture = new PluginFixture(volumeZone, {
    nodes: [
      makeNode("x", { labels: { [key]: "x" } }),
      makeNode("z", { labels: { [key]: "z" } }),
      makeNode("none"),
    ],
    objects: [claim({ volumeName: "v" }), zonal],
  });
  const want = { x: "", z: "! node(s) had no available volume zone", none: "" };
  assert.deepEqual(fixture.verdicts(using("data")), want);
});

Deno.test("NodeVolumeLimits filter() counts the volumes of a driver on a node", () => {
  const csi = (name: string) =>
    stored(resources.persistentvolumes, {
      metadata: { name },
      spec: { csi: { driver: "disk.test", volumeHandle: name } },
    });
  const bound = (name: string, volumeName: string) =>
    claim({ volumeName }, { metadata: { name, namespace: "shop" } });
  const csiNode = stored(resources.csinodes, {
    metadata: { name: "a" },
    spec: { drivers: [{ name: "disk.test", nodeID: "a", allocatable: { count: 1 } }] },
  } as Partial<CSINode>);
  const fixture = new PluginFixture(nodeVolumeLimits, {
    nodes,
    pods: [using("one", "first", { nodeName: "a" })],
    objects: [csiNode, csi("v1"), csi("v2"), bound("one", "v1"), bound("two", "v2")],
  });
  const full = "node(s) exceed max volume count";
  assert.deepEqual(fixture.verdicts(using("two")), { a: full, b: "" });
  assert.deepEqual(fixture.verdicts(using("one")), { a: "", b: "" }, "attached already");
});
