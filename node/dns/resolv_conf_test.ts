import assert from "node:assert/strict";
import type { PodSpec } from "../../shared/api/core/v1/types.gen.ts";
import { resolvConfFor } from "./resolv_conf.ts";
import { upstreamsOf } from "./upstreams.ts";

const hostResolvConf = [
  "# made by hand",
  "domain old.example",
  "search lan.example corp.example",
  "nameserver 192.168.0.1 # router",
  "options edns0",
].join("\n");
const own = "search shop.svc.cluster.local svc.cluster.local cluster.local";
const cluster = `${own} lan.example corp.example\nnameserver 10.96.0.10\noptions ndots:5\n`;
const host = "search lan.example corp.example\nnameserver 192.168.0.1\noptions edns0\n";

const cases: [title: string, spec: Partial<PodSpec>, want: string][] = [
  ["ClusterFirst", { dnsPolicy: "ClusterFirst" }, cluster],
  ["no policy", {}, cluster],
  ["ClusterFirst in the node's network", { dnsPolicy: "ClusterFirst", hostNetwork: true }, host],
  [
    "ClusterFirstWithHostNet",
    { dnsPolicy: "ClusterFirstWithHostNet", hostNetwork: true },
    cluster,
  ],
  ["Default", { dnsPolicy: "Default" }, host],
  [
    "None",
    {
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["1.1.1.1"], searches: ["a.b"], options: [{ name: "rotate" }] },
    },
    "search a.b\nnameserver 1.1.1.1\noptions rotate\n",
  ],
  [
    "dnsConfig on top of a policy",
    {
      dnsConfig: {
        nameservers: ["10.96.0.10", "1.1.1.1", "2.2.2.2", "3.3.3.3"],
        searches: ["a.b", "cluster.local"],
        options: [{ name: "ndots", value: "2" }, { name: "timeout", value: "1" }],
      },
    },
    `${own} lan.example corp.example a.b\nnameserver 10.96.0.10\nnameserver 1.1.1.1\n` +
    "nameserver 2.2.2.2\noptions ndots:2 timeout:1\n",
  ],
];
for (const [title, spec, want] of cases) {
  Deno.test(`resolvConfFor() follows ${title}`, () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "shop" },
      spec: { containers: [], ...spec },
    };
    const node = { dnsAddress: "10.96.0.10", domain: "cluster.local", hostResolvConf };
    assert.equal(resolvConfFor(pod, node), want);
  });
}

Deno.test("resolvConfFor() uses the node's resolvers where the cluster has none, and keeps the limits", () => {
  const searches = Array.from({ length: 40 }, (_, i) => `${i}.example`);
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "shop" },
    spec: { containers: [], dnsConfig: { searches } },
  };
  const node = { dnsAddress: [], domain: "cluster.local", hostResolvConf };
  const [search = "", server] = resolvConfFor(pod, node).split("\n");
  assert.equal(server, "nameserver 192.168.0.1");
  assert.equal(search.split(" ").length, 1 + 32);
});

const machines: [title: string, conf: string, want: string[]][] = [
  ["several", "nameserver 1.1.1.1\nnameserver fd00::1\n", ["1.1.1.1", "[fd00::1]"]],
  ["loopback beside others", "nameserver 127.0.0.53\nnameserver 1.1.1.1", ["1.1.1.1"]],
  ["loopback alone", "nameserver 127.0.0.53", ["127.0.0.53"]],
  ["ourselves", "nameserver 10.96.0.10", []],
];
for (const [title, conf, want] of machines) {
  Deno.test(`upstreamsOf() takes resolvers: ${title}`, () => {
    assert.deepEqual(upstreamsOf(conf, ["10.96.0.10"]), want);
  });
}
