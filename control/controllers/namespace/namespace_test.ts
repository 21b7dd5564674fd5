import assert from "node:assert/strict";
import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { rootCaController } from "../root_ca.ts";
import { serviceAccountController } from "../service_account.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { podOf } from "../testing/objects.ts";
import { namespaceController } from "./namespace.ts";

const shop: Namespace = {
  kind: "Namespace",
  apiVersion: "v1",
  metadata: { name: "shop" },
  spec: { finalizers: ["kubernetes"] },
  status: { phase: "Active" },
};

function discoverable(cluster: FakeCluster): void {
  const verbs = ["list", "delete"];
  cluster.discovered = [
    { ...resources.configmaps, verbs },
    { ...resources.pods, verbs },
    { ...resources.nodes, verbs },
    { ...resources.bindings, verbs: ["create"] },
  ];
}

Deno.test("namespace deletes pods first, then the rest, then lets the namespace go", async () => {
  const cluster = new FakeCluster();
  discoverable(cluster);
  await cluster.create(resources.namespaces, shop);
  await cluster.create(resources.configmaps, {
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: { namespace: "shop", name: "c" },
  });
  await cluster.create(resources.configmaps, {
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: { namespace: "other", name: "c" },
  });
  const held = podOf("held", "web");
  held.metadata.finalizers = ["example.com/hold"];
  await cluster.create(resources.pods, held);
  await cluster.run(namespaceController);
  cluster.writes.length = 0;
  await cluster.delete(resources.namespaces, { name: "shop" });
  await cluster.quiet();
  const [namespace] = cluster.all(resources.namespaces);
  const conditions = namespace!.status!.conditions!.map((c) =>
    `${c.type}=${c.status} ${c.message}`
  );
  assert.equal(
    conditions[3],
    "NamespaceContentRemaining=True Some resources are remaining: pods. has 1 resource instances",
  );
  assert.match(conditions[4]!, /example\.com\/hold in 1 resource instances/);
  assert(!cluster.writes.includes("delete configmaps shop/c"));
  cluster.change(resources.pods, { namespace: "shop", name: "held" }, (pod) => {
    pod.metadata.finalizers = [];
  });
  const { uid } = cluster.all(resources.pods)[0]!.metadata;
  await cluster.delete(resources.pods, { namespace: "shop", name: "held" }, {
    preconditions: { uid },
  });
  await cluster.advance(1500);
  assert.deepEqual(cluster.all(resources.namespaces), []);
  assert.equal(cluster.all(resources.configmaps).length, 1);
  cluster.stop();
});

Deno.test("namespace keeps the namespace when the API cannot be discovered whole", async () => {
  const cluster = new FakeCluster();
  discoverable(cluster);
  cluster.config.discover = () => Promise.reject(new Error("metrics.k8s.io: unavailable"));
  await cluster.create(resources.namespaces, shop);
  await cluster.run(namespaceController);
  await cluster.delete(resources.namespaces, { name: "shop" });
  await cluster.quiet();
  const [namespace] = cluster.all(resources.namespaces);
  assert.equal(namespace!.status!.conditions![0]!.reason, "DiscoveryFailed");
  discoverable(cluster);
  cluster.config.discover = () => Promise.resolve(cluster.discovered);
  await cluster.advance(5000);
  assert.deepEqual(cluster.all(resources.namespaces), []);
  cluster.stop();
});

Deno.test("every namespace gets, and keeps, its default service account and the CA", async () => {
  const cluster = new FakeCluster();
  await cluster.create(resources.namespaces, shop);
  await cluster.run(serviceAccountController, rootCaController);
  const ref = { namespace: "shop", name: "default" };
  const ca = { namespace: "shop", name: "kube-root-ca.crt" };
  assert.equal(cluster.all(resources.serviceaccounts).length, 1);
  assert.deepEqual(cluster.all(resources.configmaps)[0]!.data, { "ca.crt": "CA" });
  await cluster.delete(resources.serviceaccounts, ref);
  cluster.change(resources.configmaps, ca, (map) => void (map.data = { "ca.crt": "other" }));
  await cluster.quiet();
  assert.equal(cluster.all(resources.serviceaccounts).length, 1);
  assert.deepEqual(cluster.all(resources.configmaps)[0]!.data, { "ca.crt": "CA" });
  await cluster.delete(resources.configmaps, ca);
  await cluster.quiet();
  assert.equal(cluster.all(resources.configmaps).length, 1);
  const { length } = cluster.writes;
  await cluster.advance(60_000);
  assert.equal(cluster.writes.length, length);
  cluster.stop();
});
