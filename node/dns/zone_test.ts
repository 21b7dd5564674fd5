import assert from "node:assert/strict";
import type { Service, ServiceSpec } from "../../shared/api/core/v1/types.gen.ts";
import type { Endpoint, EndpointSlice } from "../../shared/api/discovery/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { FakeInformerSet } from "../../shared/informer/testing/fake_informer_set.ts";
import { informerZone } from "./informer_zone.ts";
import type { DnsRecord } from "./message.ts";
import { answerZone } from "./zone.ts";

const domain = "cluster.local";

function service(name: string, spec: ServiceSpec): Service {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "shop" }, spec };
}

function slice(of: string, endpoints: Endpoint[], headless: boolean): EndpointSlice {
  const labels = {
    "kubernetes.io/service-name": of,
    ...(headless && { "service.kubernetes.io/headless": "" }),
  };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${of}-1`, namespace: "shop", labels },
    addressType: "IPv4",
    ports: [{ name: "pg", port: 5432, protocol: "TCP" }],
    endpoints,
  };
}

function cluster() {
  const informers = new FakeInformerSet();
  const ports = [{ name: "http", port: 80 }, { name: "quic", port: 443, protocol: "UDP" }];
  const clusterIPs = ["10.96.0.10", "fd00::10"];
  informers.put(
    resources.services,
    service("web", { clusterIP: "10.96.0.10", clusterIPs, ports }),
    service("db", { clusterIP: "None", ports: [{ name: "pg", port: 5432 }] }),
    service("idle", { clusterIP: "None" }),
    service("away", { type: "ExternalName", externalName: "db.example.org." }),
  );
  informers.put(
    resources.endpointslices,
    slice("web", [{ addresses: ["10.42.0.9"] }], false),
    slice("db", [
      { addresses: ["10.42.0.1"], hostname: "db-0", conditions: { ready: true } },
      { addresses: ["10.42.0.2"], conditions: {} },
      { addresses: ["10.42.0.3"], hostname: "db-2", conditions: { ready: false } },
    ], true),
  );
  return informerZone(informers);
}

/** One line for each answer, without owner and class. */
function lines(records: readonly DnsRecord[]): string[] {
  return records.map((each) => {
    if (each.type === "SRV") {
      const { priority, weight, port, target } = each.data;
      return `SRV ${priority} ${weight} ${port} ${target}`;
    }
    return `${each.type} ${each.type === "SOA" ? each.data.mname : each.data}`;
  });
}

const svc = `shop.svc.${domain}`;
const cases: [question: string, answer: string[] | "NXDOMAIN" | "elsewhere"][] = [
  [`A web.${svc}`, ["A 10.96.0.10"]],
  [`AAAA web.${svc}`, ["AAAA fd00::10"]],
  [`A WEB.Shop.svc.Cluster.Local`, ["A 10.96.0.10"]],
  [`MX web.${svc}`, []],
  [`A missing.${svc}`, "NXDOMAIN"],
  [`A web.other.svc.${domain}`, "NXDOMAIN"],
  [`A ${svc}`, []],
  [`A svc.${domain}`, []],
  [`A other.svc.${domain}`, "NXDOMAIN"],
  [`A example.org.${svc}`, "NXDOMAIN"],
  [`A ${domain}`, []],
  [`A example.org.${domain}`, "NXDOMAIN"],
  [`SOA ${domain}`, [`SOA ns.dns.${domain}`]],
  [`TXT dns-version.${domain}`, ["TXT 1.1.0"]],
  [`SRV _http._tcp.web.${svc}`, [`SRV 0 100 80 web.${svc}`]],
  [`SRV _quic._udp.web.${svc}`, [`SRV 0 100 443 web.${svc}`]],
  [`SRV _http._udp.web.${svc}`, "NXDOMAIN"],
  [`A _tcp.web.${svc}`, []],
  [`A db.${svc}`, ["A 10.42.0.1", "A 10.42.0.2"]],
  [`AAAA db.${svc}`, []],
  [`A idle.${svc}`, []],
  [`A db-0.db.${svc}`, ["A 10.42.0.1"]],
  [`A 10-42-0-2.db.${svc}`, ["A 10.42.0.2"]],
  [`A db-2.db.${svc}`, "NXDOMAIN"],
  [`SRV _pg._tcp.db.${svc}`, [
    `SRV 0 50 5432 db-0.db.${svc}`,
    `SRV 0 50 5432 10-42-0-2.db.${svc}`,
  ]],
  [`A away.${svc}`, ["CNAME db.example.org"]],
  [`SRV _x._tcp.away.${svc}`, "NXDOMAIN"],
  [`A 10-42-0-9.shop.pod.${domain}`, ["A 10.42.0.9"]],
  [`A nonsense.shop.pod.${domain}`, "NXDOMAIN"],
  [`A 10-42-0-9.other.pod.${domain}`, "NXDOMAIN"],
  ["PTR 10.0.96.10.in-addr.arpa", [`PTR web.${svc}`]],
  [`PTR 0.1.${"0.".repeat(26)}d.f.ip6.arpa`, "elsewhere"],
  [`PTR 0.1.0.0.${"0.".repeat(24)}0.0.d.f.ip6.arpa`, [`PTR web.${svc}`]],
  ["PTR 1.0.42.10.in-addr.arpa", [`PTR db-0.db.${svc}`]],
  ["PTR 2.0.42.10.in-addr.arpa", [`PTR 10-42-0-2.db.${svc}`]],
  ["PTR 9.0.42.10.in-addr.arpa", "elsewhere"],
  ["A example.org", "elsewhere"],
  [`A not${domain}`, "elsewhere"],
];
for (const [asked, want] of cases) {
  Deno.test(`answerZone() answers ${asked}`, () => {
    const [type = "", name = ""] = asked.split(" ");
    const found = answerZone({ name, type, class: "IN" }, domain, cluster());
    if (want === "elsewhere") return assert.equal(found, undefined);
    assert.equal(found?.code, want === "NXDOMAIN" ? "NXDOMAIN" : "NOERROR");
    assert.deepEqual(lines(found!.answers), want === "NXDOMAIN" ? [] : want);
    assert.ok(found!.answers.every((each) => each.name === name), "owners as they were asked for");
  });
}

Deno.test("answerZone() adds the addresses of what an SRV record names", () => {
  const question = { name: `_pg._tcp.db.${svc}`, type: "SRV", class: "IN" };
  const { additionals } = answerZone(question, domain, cluster())!;
  assert.deepEqual(additionals.map(({ name, data }) => [name, data]), [
    [`db-0.db.${svc}`, "10.42.0.1"],
    [`10-42-0-2.db.${svc}`, "10.42.0.2"],
  ]);
});
