import assert from "node:assert/strict";
import type { ServiceSpec } from "../../shared/api/core/v1/types.gen.ts";
import type { Endpoint } from "../../shared/api/discovery/v1/types.gen.ts";
import { ChangeTracker, serviceKeyOf } from "./change_tracker.ts";
import { forwardedPorts } from "./forwarding_state.ts";
import { endpoint, service, slice } from "./tests/fixtures.ts";

const node = { name: "n1", addresses: ["192.168.0.1"], zone: "a" };
const notReady = { ready: false, serving: false, terminating: false };
const leaving = { ready: false, serving: true, terminating: true };

const unforwarded: [string, Partial<ServiceSpec>][] = [
  ["headless", { clusterIP: "None", clusterIPs: ["None"] }],
  ["external names", { type: "ExternalName", clusterIP: "", externalName: "example.org" }],
  ["not yet given an address", { clusterIP: "" }],
];
for (const [title, spec] of unforwarded) {
  Deno.test(`forwardedPorts() leaves Services alone that are ${title}`, () => {
    assert.deepEqual(
      forwardedPorts(service("web", spec), [slice([endpoint("10.0.0.1")])], node),
      [],
    );
  });
}

Deno.test("forwardedPorts() leaves Services of another proxy alone", () => {
  const other = service();
  other.metadata.labels = { "service.kubernetes.io/service-proxy-name": "x" };
  assert.deepEqual(forwardedPorts(other, [], node), []);
});

const choices: {
  title: string;
  endpoints: Endpoint[];
  cluster: string[];
  local: string[];
}[] = [
  {
    title: "the ready ones, sorted and once each",
    endpoints: [endpoint("10.0.0.2"), endpoint("10.0.0.1"), endpoint("10.0.0.2")],
    cluster: ["10.0.0.1", "10.0.0.2"],
    local: ["10.0.0.1", "10.0.0.2"],
  },
  {
    title: "unknown readiness as ready, and not those that are not",
    endpoints: [
      endpoint("10.0.0.1", { conditions: {} }),
      endpoint("10.0.0.2", { conditions: notReady }),
    ],
    cluster: ["10.0.0.1"],
    local: ["10.0.0.1"],
  },
  {
    title: "terminating ones that serve only while none is ready",
    endpoints: [
      endpoint("10.0.0.1", { conditions: leaving }),
      endpoint("10.0.0.2", { conditions: { ...leaving, serving: false } }),
    ],
    cluster: ["10.0.0.1"],
    local: ["10.0.0.1"],
  },
  {
    title: "terminating ones of this node when only others have ready ones",
    endpoints: [
      endpoint("10.0.0.1", { conditions: leaving }),
      endpoint("10.0.0.2", { nodeName: "n2" }),
    ],
    cluster: ["10.0.0.2"],
    local: ["10.0.0.1"],
  },
  {
    title: "the node's own server as local although it names no node",
    endpoints: [{ addresses: ["192.168.0.1"] }, { addresses: ["192.168.0.2"] }],
    cluster: ["192.168.0.1", "192.168.0.2"],
    local: ["192.168.0.1"],
  },
  {
    title: "those hinted for the zone",
    endpoints: [
      endpoint("10.0.0.1", { hints: { forZones: [{ name: "a" }] } }),
      endpoint("10.0.0.2", { hints: { forZones: [{ name: "b" }] } }),
    ],
    cluster: ["10.0.0.1"],
    local: ["10.0.0.1", "10.0.0.2"],
  },
  {
    title: "those hinted for the node before those for the zone",
    endpoints: [
      endpoint("10.0.0.1", {
        hints: { forZones: [{ name: "a" }], forNodes: [{ name: "n2" }] },
      }),
      endpoint("10.0.0.2", {
        hints: { forZones: [{ name: "a" }], forNodes: [{ name: "n1" }] },
      }),
    ],
    cluster: ["10.0.0.2"],
    local: ["10.0.0.1", "10.0.0.2"],
  },
  {
    title: "all, when one lacks a hint or none is for this zone",
    endpoints: [
      endpoint("10.0.0.1", { hints: { forZones: [{ name: "b" }] } }),
      endpoint("10.0.0.2", { hints: { forZones: [{ name: "b" }], forNodes: [] } }),
    ],
    cluster: ["10.0.0.1", "10.0.0.2"],
    local: ["10.0.0.1", "10.0.0.2"],
  },
];
for (const { title, endpoints, cluster, local } of choices) {
  Deno.test(`forwardedPorts() chooses ${title}`, () => {
    const [port] = forwardedPorts(service(), [slice(endpoints)], node);
    assert.deepEqual(port!.cluster.map(({ address }) => address), cluster);
    assert.deepEqual(port!.local.map(({ address }) => address), local);
  });
}

Deno.test("forwardedPorts() finds target ports by name and protocol in each slice", () => {
  const ports = [
    { name: "dns", port: 53, protocol: "UDP", targetPort: 5353 },
    { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: "dns" },
  ];
  const slices = [5353, 5354].map((port, i) =>
    slice([endpoint(`10.0.0.${i + 1}`)], {
      ports: [{ name: "dns", port, protocol: "UDP" }, { name: "dns-tcp", port, protocol: "TCP" }],
    })
  );
  const found = forwardedPorts(service("dns", {}, ports), slices, node);
  assert.deepEqual(
    found.map(({ name, protocol, cluster }) => [name, protocol, cluster.map((to) => to.port)]),
    [["shop/dns:dns", "udp", [5353, 5354]], ["shop/dns:dns-tcp", "tcp", [5353, 5354]]],
  );
});

Deno.test("forwardedPorts() keeps address families apart", () => {
  const dual = service("web", {
    type: "LoadBalancer",
    clusterIPs: ["10.96.0.10", "fd00::10"],
    externalIPs: ["fd01::1", "192.168.77.1", "192.168.77.1"],
    loadBalancerSourceRanges: ["fd02::/64", "10.0.0.0/8", "rubbish"],
  });
  dual.status = {
    loadBalancer: {
      ingress: [{ ip: "192.168.77.2" }, { ip: "192.168.77.3", ipMode: "Proxy" }, { hostname: "h" }],
    },
  };
  const slices = [
    slice([endpoint("10.0.0.1")]),
    slice([endpoint("fd03::1")], { addressType: "IPv6" }),
    slice([endpoint("example.org")], { addressType: "FQDN" }),
  ];
  const [four, six] = forwardedPorts(dual, slices, node);
  assert.deepEqual(
    [four!.externalIPs, four!.loadBalancerIPs, four!.sourceRanges, four!.cluster.length],
    [["192.168.77.1"], ["192.168.77.2"], ["10.0.0.0/8"], 1],
  );
  assert.deepEqual(
    [six!.family, six!.externalIPs, six!.loadBalancerIPs, six!.sourceRanges],
    [6, ["fd01::1"], [], ["fd02::/64"]],
  );
  assert.equal(six!.cluster[0]!.address, "fd03::1");
});

Deno.test("forwardedPorts() reads session affinity and its default time", () => {
  const sticky = { sessionAffinity: "ClientIP" };
  const timed = { ...sticky, sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } };
  const seconds = [{}, sticky, timed].map((spec) =>
    forwardedPorts(service("web", spec), [], node)[0]!.affinitySeconds
  );
  assert.deepEqual(seconds, [undefined, 10_800, 60]);
});

Deno.test("ChangeTracker update() keeps what did not change, to the very object", () => {
  const services = new Map([["shop/a", service("a")], ["shop/b", service("b")]]);
  const slices = new Map([["shop/a", [slice([endpoint("10.0.0.1")])]]]);
  const tracker = new ChangeTracker({
    service: (key) => services.get(key),
    slices: (key) => slices.get(key) ?? [],
  }, node);
  for (const key of services.keys()) tracker.touch(key);
  const first = tracker.update();
  assert.deepEqual(first.ports.map(({ name }) => name), ["shop/a:http", "shop/b:http"]);

  tracker.touch("shop/a");
  assert.equal(tracker.update(), first, "touched without a change");

  slices.set("shop/a", [slice([endpoint("10.0.0.2")])]);
  tracker.touch("shop/a");
  const second = tracker.update();
  assert.notEqual(second.ports[0], first.ports[0]);
  assert.equal(second.ports[1], first.ports[1]);

  services.delete("shop/b");
  tracker.touch("shop/b");
  assert.deepEqual(tracker.update().ports, [second.ports[0]]);

  tracker.setNode({ ...node, name: "n2" });
  assert.equal(tracker.update().ports[0]!.local.length, 0);
});

Deno.test("serviceKeyOf() knows the slices that no proxy needs", () => {
  const labelled = slice([]);
  assert.equal(serviceKeyOf(labelled), "shop/web");
  labelled.metadata.labels!["service.kubernetes.io/headless"] = "";
  assert.equal(serviceKeyOf(labelled), undefined);
  assert.equal(
    serviceKeyOf({ ...labelled, metadata: { name: "x", namespace: "shop" } }),
    undefined,
  );
});
