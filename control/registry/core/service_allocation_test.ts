import assert from "node:assert/strict";
import type { Service, ServiceSpec } from "../../../shared/api/core/v1/types.gen.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { ServiceAllocation } from "./service_allocation.ts";

function serviceOf(spec: ServiceSpec): Service {
  return { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec };
}

function allocation(): ServiceAllocation {
  return new ServiceAllocation({ serviceCidr: "10.0.0.0/24", random: seededRandom(1) });
}

const refusals: readonly [string, ServiceSpec, string][] = [
  [
    "an address of another network",
    { clusterIP: "192.168.1.1" },
    'spec.clusterIPs: Invalid value: ["192.168.1.1"]: failed to allocate IP 192.168.1.1: the provided IP (192.168.1.1) is not in the valid range. The range of valid IPs is 10.0.0.0/24',
  ],
  [
    "a family that the cluster has not",
    { ipFamilies: ["IPv6"] },
    'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
  ],
  [
    "a demand for both families",
    { ipFamilyPolicy: "RequireDualStack" },
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  ],
];

for (const [title, spec, message] of refusals) {
  for (const dryRun of [true, false]) {
    Deno.test(`ServiceAllocation reserve() refuses ${title}${dryRun ? " on a dry run, too" : ""}`, () => {
      const reserve = () => allocation().reserve(serviceOf(spec), undefined, dryRun);
      assert.throws(reserve, { message: `Service "s" is invalid: ${message}` });
    });
  }
}

Deno.test("ServiceAllocation reserve() gives a dry run the network's address and takes nothing", () => {
  const services = allocation();
  for (let i = 0; i < 300; i++) {
    const service = serviceOf({});
    services.reserve(service, undefined, true);
    assert.deepEqual(service.spec!.clusterIPs, ["10.0.0.0"]);
  }
});

Deno.test("ServiceAllocation reserve() lets a dry run ask for an address that is taken, and nobody else", () => {
  const services = allocation();
  const asking = () => serviceOf({ clusterIP: "10.0.0.9" });
  services.reserve(asking(), undefined, false);
  services.reserve(asking(), undefined, true);
  assert.throws(
    () => services.reserve(asking(), undefined, false),
    /provided IP is already allocated/,
  );
});

Deno.test("ServiceAllocation reserve() gives back what it took when it is undone", () => {
  const services = allocation();
  services.reserve(serviceOf({ clusterIP: "10.0.0.9" }), undefined, false)();
  services.reserve(serviceOf({ clusterIP: "10.0.0.9" }), undefined, false);
});

Deno.test("ServiceAllocation reserve() lets headless services without a selector be of any family", () => {
  const service = serviceOf({ clusterIP: "None" });
  allocation().reserve(service, undefined, false);
  assert.deepEqual(service.spec!.ipFamilies, ["IPv4", "IPv6"]);
});
