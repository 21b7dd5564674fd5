import assert from "node:assert/strict";
import type { APIService } from "../../shared/api/apiregistration/v1/types.gen.ts";
import type { Service, ServicePort } from "../../shared/api/core/v1/types.gen.ts";
import type { EndpointSlice } from "../../shared/api/discovery/v1/types.gen.ts";
import { local, passed, serviceProblem, withAvailability } from "./availability.ts";

const apiService = {
  spec: { service: { namespace: "ns", name: "ext", port: 8443 } },
} as APIService;
const service = (ports: readonly Partial<ServicePort>[], type = "ClusterIP") =>
  ({ spec: { type, ports } }) as unknown as Service;
const listening = service([{ name: "https", port: 8443 }]);
const slice = (ready: boolean | undefined, ...ports: readonly object[]) =>
  ({ endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready } }], ports }) as EndpointSlice;

type Case = readonly [
  title: string,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
  reason: string | undefined,
];
const cases: readonly Case[] = [
  ["no Service", undefined, [], "ServiceNotFound"],
  ["another port", service([{ port: 443 }]), [], "ServicePortError"],
  ["no endpoints", listening, [], "EndpointsNotFound"],
  [
    "endpoints that are not ready",
    listening,
    [slice(false, { name: "https", port: 1 })],
    "MissingEndpoints",
  ],
  [
    "endpoints of another port",
    listening,
    [slice(true, { name: "http", port: 1 })],
    "MissingEndpoints",
  ],
  ["endpoints without a word about readiness", listening, [
    slice(undefined, { name: "https", port: 1 }),
  ], undefined],
  ["a Service outside the cluster", service([], "ExternalName"), [], undefined],
];

for (const [title, found, slices, reason] of cases) {
  Deno.test(`serviceProblem() judges ${title}: ${reason ?? "the server is asked"}`, () => {
    assert.equal(serviceProblem(apiService, found, slices)?.reason, reason);
  });
}

Deno.test("withAvailability() keeps the time while the status stays, and other conditions", () => {
  const other = { type: "Other", status: "True" };
  const first = withAvailability([other], passed, "t1");
  assert.deepEqual(first, [other, { type: "Available", lastTransitionTime: "t1", ...passed }]);
  assert.equal(withAvailability(first, passed, "t2"), first);
  const renamed = withAvailability(first, local, "t2");
  assert.deepEqual(renamed[1], { type: "Available", lastTransitionTime: "t1", ...local });
  const failed = withAvailability(first, { status: "False", reason: "x", message: "y" }, "t3");
  assert.equal(failed[1]!.lastTransitionTime, "t3");
});
