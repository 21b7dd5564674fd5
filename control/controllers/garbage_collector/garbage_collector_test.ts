import assert from "node:assert/strict";
import type { ConfigMap } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import type { OwnerReference } from "../../../shared/meta/types.gen.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { garbageCollector } from "./garbage_collector.ts";

async function setup() {
  const cluster = new FakeCluster();
  const verbs = ["list", "watch", "delete"];
  cluster.discovered = [
    { ...resources.configmaps, verbs },
    { ...resources.nodes, verbs },
    { ...resources.events, verbs },
  ];
  const make = async (name: string, ...owners: ConfigMap[]) =>
    await cluster.create(resources.configmaps, {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: {
        namespace: "shop",
        name,
        ownerReferences: owners.map((owner): OwnerReference => ({
          apiVersion: "v1",
          kind: "ConfigMap",
          name: owner.metadata.name!,
          uid: owner.metadata.uid!,
          blockOwnerDeletion: true,
        })),
      },
    });
  const names = () => cluster.all(resources.configmaps).map(({ metadata }) => metadata.name).sort();
  const remove = async (name: string, propagationPolicy: string) => {
    await cluster.delete(resources.configmaps, { namespace: "shop", name }, { propagationPolicy });
    await cluster.quiet();
  };
  return { cluster, make, names, remove };
}

Deno.test("garbage collector deletes, level by level, what lost its owner", async () => {
  const { cluster, make, names, remove } = await setup();
  const a = await make("a");
  const b = await make("b", a);
  await make("c", b);
  await make("other");
  await cluster.run(garbageCollector);
  assert.deepEqual(names(), ["a", "b", "c", "other"]);
  await remove("a", "Background");
  assert.deepEqual(names(), ["other"]);
  cluster.stop();
});

Deno.test("garbage collector collects what was left over before it started, but verifies with the server", async () => {
  const { cluster, make, names } = await setup();
  const a = await make("a");
  await make("b", a);
  await make("same-name-other-uid", { ...a, metadata: { ...a.metadata, uid: "gone" } });
  await cluster.run(garbageCollector);
  assert.deepEqual(names(), ["a", "b"]);
  cluster.stop();
});

Deno.test("garbage collector keeps an object with another owner and removes the lost reference", async () => {
  const { cluster, make, names, remove } = await setup();
  const a = await make("a");
  const b = await make("b");
  await make("c", a, b);
  await cluster.run(garbageCollector);
  await remove("a", "Background");
  assert.deepEqual(names(), ["b", "c"]);
  const c = cluster.all(resources.configmaps).find(({ metadata }) => metadata.name === "c")!;
  assert.deepEqual(c.metadata.ownerReferences!.map(({ name }) => name), ["b"]);
  cluster.stop();
});

Deno.test("garbage collector deletes dependents first in the foreground", async () => {
  const { cluster, make, names, remove } = await setup();
  const a = await make("a");
  const b = await make("b", a);
  await make("c", b);
  await cluster.run(garbageCollector);
  cluster.writes.length = 0;
  await remove("a", "Foreground");
  await cluster.quiet();
  assert.deepEqual(names(), []);
  assert.deepEqual(cluster.writes.filter((write) => write.startsWith("delete")), [
    "delete configmaps shop/a",
    "delete configmaps shop/b",
    "delete configmaps shop/c",
  ]);
  const order = cluster.writes.filter((write) => write.startsWith("patch"));
  assert.deepEqual(order, ["patch configmaps shop/b", "patch configmaps shop/a"]);
  cluster.stop();
});

Deno.test("garbage collector lets dependents go when the owner is to leave orphans", async () => {
  const { cluster, make, names, remove } = await setup();
  const a = await make("a");
  await make("b", a);
  await cluster.run(garbageCollector);
  await remove("a", "Orphan");
  assert.deepEqual(names(), ["b"]);
  assert.deepEqual(cluster.all(resources.configmaps)[0]!.metadata.ownerReferences, []);
  cluster.stop();
});

Deno.test("garbage collector touches nothing whose owner's kind it does not know", async () => {
  const { cluster, make, names } = await setup();
  const strange = await make("strange");
  cluster.change(resources.configmaps, { namespace: "shop", name: "strange" }, (object) => {
    object.metadata.ownerReferences = [{
      apiVersion: "example.com/v1",
      kind: "Unknown",
      name: "x",
      uid: `not-${strange.metadata.uid}`,
    }];
  });
  await cluster.run(garbageCollector);
  assert.deepEqual(names(), ["strange"]);
  cluster.stop();
});
