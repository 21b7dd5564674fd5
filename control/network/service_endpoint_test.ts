import assert from "node:assert/strict";
import { seededRandom } from "../../shared/clock/random.ts";
import { AdmissionHarness } from "../admission/testing/admission_harness.ts";
import { serviceEndpoint } from "./service_endpoint.ts";

const service = (name: string, spec: object) => ({ metadata: { name, namespace: "ns" }, spec });
const slice = (name: string, of: string, more: object) => ({
  metadata: { name, namespace: "ns", labels: { "kubernetes.io/service-name": of } },
  addressType: "IPv4",
  ports: [{ name: "https", port: 8443 }],
  ...more,
});
const endpoint = (address: string, ready: boolean | undefined, nodeName?: string) => ({
  addresses: [address],
  conditions: { ready },
  nodeName,
});
const ports = [{ name: "https", port: 443 }];
const { dependencies: { reader } } = new AdmissionHarness()
  .put("/services", service("hook", { ports, ipFamilies: ["IPv6"] }))
  .put("/services", service("empty", { ports }))
  .put("/services", service("outside", { type: "ExternalName", externalName: "example.com" }))
  .put(
    "discovery.k8s.io/endpointslices",
    slice("four", "hook", {
      endpoints: [endpoint("10.0.0.1", true)],
    }),
  )
  .put(
    "discovery.k8s.io/endpointslices",
    slice("six", "hook", {
      addressType: "IPv6",
      endpoints: [endpoint("fd00::1", false), endpoint("fd00::2", undefined, "n1")],
    }),
  )
  .put(
    "discovery.k8s.io/endpointslices",
    slice("other-port", "empty", {
      ports: [{ name: "http", port: 80 }],
      endpoints: [endpoint("10.0.0.9", true)],
    }),
  );
const find = (name: string, port = 443) =>
  serviceEndpoint(reader, { namespace: "ns", name, port }, seededRandom(1));

Deno.test("serviceEndpoint() finds a ready endpoint of the preferred family, and its node", () => {
  assert.deepEqual(find("hook"), { host: "fd00::2", port: 8443, node: "n1" });
});

Deno.test("serviceEndpoint() leads to the name of a Service outside the cluster", () => {
  assert.deepEqual(find("outside", 8443), { host: "example.com", port: 8443 });
});

const refusals: readonly (readonly [name: string, port: number, message: string])[] = [
  ["nothing", 443, 'service "nothing" not found'],
  ["hook", 80, 'no service port 80 found for service "hook"'],
  ["empty", 443, 'no endpoints available for service "empty"'],
];

for (const [name, port, message] of refusals) {
  Deno.test(`serviceEndpoint() says ${message}`, () => {
    assert.throws(() => find(name, port), { message });
  });
}
