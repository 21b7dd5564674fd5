import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { networkPool, nodeIpamController } from "./node_ipam.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { nodeOf } from "./testing/objects.ts";

Deno.test("networkPool() splits IPv4 and IPv6 networks", () => {
  const v4 = networkPool("10.42.7.0/22", 24);
  assert.equal(v4.size, 4);
  assert.equal(v4.firstFree(new Set()), "10.42.4.0/24");
  assert.equal(v4.firstFree(new Set(["10.42.4.0/24", "10.42.5.0/24"])), "10.42.6.0/24");
  assert.equal(networkPool("fd00::/56", 64).firstFree(new Set(["fd00::/64"])), "fd00:0:0:1::/64");
  assert.equal(networkPool("10.0.0.0/24", 24).firstFree(new Set(["10.0.0.0/24"])), undefined);
  assert.throws(() => networkPool("10.0.0.0/24", 16), RangeError);
});

Deno.test("nodeipam gives each node a network of its own, and frees those of nodes that left", async () => {
  const cluster = new FakeCluster();
  (cluster.config as { clusterCidr: string }).clusterCidr = "10.42.0.0/23";
  for (const name of ["a", "b", "c"]) await cluster.create(resources.nodes, nodeOf(name));
  await cluster.run(nodeIpamController);
  const cidrs = () =>
    Object.fromEntries(cluster.all(resources.nodes).map((n) => [n.metadata.name, n.spec!.podCIDR]));
  assert.deepEqual(cidrs(), { a: "10.42.0.0/24", b: "10.42.1.0/24", c: undefined });
  assert.deepEqual(cluster.events, [
    "Normal CIDRNotAvailable Node c status is now: CIDRNotAvailable",
  ]);
  await cluster.delete(resources.nodes, { name: "a" });
  await cluster.quiet();
  assert.deepEqual(cidrs(), { b: "10.42.1.0/24", c: "10.42.0.0/24" });
  cluster.stop();
});
