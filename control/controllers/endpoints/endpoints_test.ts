import assert from "node:assert/strict";
import type { Service } from "../../../shared/api/core/v1/types.gen.ts";
import type { EndpointSlice } from "../../../shared/api/discovery/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { makeReady, nodeOf, podOf } from "../testing/objects.ts";
import { endpointSliceController } from "./endpoint_slice.ts";
import { endpointsController } from "./endpoints.ts";
import { planSlices } from "./slice_plan.ts";

const time = "2026-01-01T00:00:00Z";

function serviceOf(spec: Service["spec"] = {}): Service {
  return {
    kind: "Service",
    apiVersion: "v1",
    metadata: { namespace: "shop", name: "web", uid: "s", labels: { team: "a" } },
    spec: {
      clusterIP: "10.43.0.1",
      selector: { app: "web" },
      ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: "http" }],
      ipFamilies: ["IPv4"],
      ...spec,
    },
  };
}

function webPod(name: string, ip: string, ready = true) {
  const pod = podOf(name, "web");
  pod.metadata.uid = name;
  pod.spec!.nodeName = "n1";
  pod.spec!.containers[0]!.ports = [{ name: "http", containerPort: 8080, protocol: "TCP" }];
  makeReady(pod, time, ip);
  if (!ready) pod.status!.conditions![0]!.status = "False";
  return pod;
}

function stored(slices: readonly EndpointSlice[]): EndpointSlice[] {
  return slices.map((slice, i) => ({
    ...slice,
    metadata: { ...slice.metadata, name: slice.metadata.name ?? `s${i}` },
  }));
}

const zoneOf = () => "z1";

Deno.test("endpoint controllers follow pods through their lives", async () => {
  const cluster = new FakeCluster();
  await cluster.create(resources.nodes, nodeOf("n1", { "topology.kubernetes.io/zone": "z1" }));
  await cluster.create(resources.services, serviceOf());
  const slice = () => cluster.all(resources.endpointslices)[0]!;
  const subsets = () => cluster.all(resources.endpoints)[0]!.subsets;
  await cluster.run(endpointSliceController, endpointsController);
  assert.deepEqual(slice().endpoints, []);
  assert.deepEqual(subsets(), []);
  await cluster.create(resources.pods, webPod("a", "10.42.0.1"));
  await cluster.quiet();
  const { metadata: { labels, ownerReferences }, endpoints, ports } = slice();
  assert.deepEqual(labels, {
    team: "a",
    "kubernetes.io/service-name": "web",
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
  });
  assert.equal(ownerReferences![0]!.kind, "Service");
  assert.deepEqual(ports, [{ name: "http", protocol: "TCP", port: 8080 }]);
  const { uid } = cluster.all(resources.pods)[0]!.metadata;
  const targetRef = { kind: "Pod", namespace: "shop", name: "a", uid };
  assert.deepEqual(endpoints, [{
    addresses: ["10.42.0.1"],
    conditions: { ready: true, serving: true, terminating: false },
    targetRef,
    nodeName: "n1",
    zone: "z1",
  }]);
  assert.deepEqual(subsets(), [{
    addresses: [{ ip: "10.42.0.1", nodeName: "n1", targetRef }],
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
  }]);
  cluster.change(resources.pods, { namespace: "shop", name: "a" }, (pod) => {
    pod.metadata.deletionTimestamp = timestamp(cluster.clock.now());
  });
  await cluster.quiet();
  assert.deepEqual(slice().endpoints![0]!.conditions, {
    ready: false,
    serving: true,
    terminating: true,
  });
  assert.deepEqual(subsets(), []);
  const { length } = cluster.writes;
  await cluster.advance(60_000);
  assert.equal(cluster.writes.length, length);
  cluster.stop();
});

Deno.test("endpoints without a port are not addresses, and unready ones are told apart", async () => {
  const cluster = new FakeCluster();
  await cluster.create(resources.services, serviceOf());
  await cluster.create(resources.pods, webPod("a", "10.42.0.1", false));
  const portless = webPod("b", "10.42.0.2");
  portless.spec!.containers[0]!.ports = [];
  await cluster.create(resources.pods, portless);
  await cluster.run(endpointsController);
  const [subset] = cluster.all(resources.endpoints)[0]!.subsets!;
  assert.equal(subset!.addresses, undefined);
  assert.deepEqual(subset!.notReadyAddresses!.map(({ ip }) => ip), ["10.42.0.1"]);
  cluster.stop();
});

Deno.test("planSlices() makes slices of 100 and writes as few as it can", () => {
  const service = serviceOf();
  const pods = Array.from({ length: 250 }, (_, i) => webPod(`p${i}`, `10.42.0.${i}`));
  const first = planSlices(service, pods, { existing: [], zoneOf });
  assert.deepEqual(first.create.map(({ endpoints }) => endpoints!.length), [100, 100, 50]);
  const existing = stored(first.create);
  const again = planSlices(service, pods, { existing, zoneOf });
  assert.deepEqual(again, { create: [], update: [], delete: [] });
  const replaced = planSlices(service, [...pods.slice(1), webPod("new", "10.42.1.1")], {
    existing,
    zoneOf,
  });
  assert.deepEqual(replaced.update.map(({ metadata }) => metadata.name), ["s0"]);
  assert.deepEqual([replaced.create.length, replaced.delete.length], [0, 0]);
  const fewer = planSlices(service, pods.slice(0, 100), { existing, zoneOf });
  assert.deepEqual(fewer.delete.map(({ metadata }) => metadata.name), ["s1", "s2"]);
  const none = planSlices(service, [], { existing, zoneOf });
  assert.equal(none.create.length, 1);
  assert.equal(none.delete.length, 3);
});

Deno.test("planSlices() keeps families, ports and published unready pods apart", () => {
  const a = webPod("a", "10.42.0.1", false);
  a.status!.podIPs = [{ ip: "10.42.0.1" }, { ip: "fd00::1" }];
  a.spec!.hostname = "db-0";
  a.spec!.subdomain = "web";
  const b = webPod("b", "10.42.0.2");
  b.spec!.containers[0]!.ports![0]!.containerPort = 9090;
  const service = serviceOf({
    clusterIP: "None",
    ipFamilies: ["IPv4", "IPv6"],
    publishNotReadyAddresses: true,
  });
  const { create } = planSlices(service, [a, b], { existing: [], zoneOf });
  const lines = create.map(({ addressType, ports, endpoints }) =>
    `${addressType} ${ports![0]!.port} ${endpoints![0]!.conditions!.ready} ${
      endpoints![0]!.hostname ?? "-"
    }`
  );
  assert.deepEqual(lines, ["IPv4 8080 true db-0", "IPv4 9090 true -", "IPv6 8080 true db-0"]);
  assert.equal(create[0]!.metadata.labels!["service.kubernetes.io/headless"], "");
});
