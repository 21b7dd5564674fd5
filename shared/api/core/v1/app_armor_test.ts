import assert from "node:assert/strict";
import { appArmorPrefix, appArmorProfileOf, fillAppArmorProfiles } from "./app_armor.ts";
import { podWarnings } from "./pod_warnings.ts";
import type { AppArmorProfile, Pod } from "./types.gen.ts";

const profiles: readonly [string, AppArmorProfile | undefined][] = [
  ["unconfined", { type: "Unconfined" }],
  ["runtime/default", { type: "RuntimeDefault" }],
  ["localhost/web", { type: "Localhost", localhostProfile: "web" }],
  ["localhost/", undefined],
  ["other", undefined],
];

for (const [value, want] of profiles) {
  Deno.test(`appArmorProfileOf() understands ${value}`, () => {
    assert.deepEqual(appArmorProfileOf(value), want);
  });
}

function podWith(spec: Partial<NonNullable<Pod["spec"]>>): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { annotations: { [`${appArmorPrefix}c`]: "unconfined" } },
    spec: { containers: [{ name: "c" }, { name: "d" }], ...spec },
  };
}

Deno.test("fillAppArmorProfiles() gives the profile to the container that is named, and warns of the annotation", () => {
  const pod = podWith({});
  fillAppArmorProfiles(pod);
  const [c, d] = pod.spec!.containers;
  assert.deepEqual(c!.securityContext, { appArmorProfile: { type: "Unconfined" } });
  assert.equal(d!.securityContext, undefined);
  assert.equal(podWarnings(pod).length, 1);
});

const kept: readonly [string, Partial<NonNullable<Pod["spec"]>>][] = [
  ["its field is set", {
    containers: [{ name: "c", securityContext: { appArmorProfile: { type: "RuntimeDefault" } } }],
  }],
  ["the pod has that profile", { securityContext: { appArmorProfile: { type: "Unconfined" } } }],
  ["the pod is for Windows", { os: { name: "windows" } }],
];

for (const [when, spec] of kept) {
  Deno.test(`fillAppArmorProfiles() leaves a container alone if ${when}`, () => {
    const pod = podWith(spec);
    const before = structuredClone(pod);
    fillAppArmorProfiles(pod);
    assert.deepEqual(pod, before);
  });
}
