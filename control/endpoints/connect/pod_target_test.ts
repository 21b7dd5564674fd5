import assert from "node:assert/strict";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { containerOf } from "./pod_target.ts";

const annotation = "kubectl.kubernetes.io/default-container";
function pod(
  containers: readonly string[],
  more: { init?: string[]; preferred?: string } = {},
): Pod {
  const named = (name: string) => ({ name, image: "i" });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "two",
      ...(more.preferred && { annotations: { [annotation]: more.preferred } }),
    },
    spec: {
      containers: containers.map(named),
      initContainers: (more.init ?? []).map(named),
      ephemeralContainers: [named("debug")],
    },
  } as Pod;
}

Deno.test("containerOf() takes the only container, the one asked for or the pod's default", () => {
  assert.equal(containerOf(pod(["c"]), ""), "c");
  assert.equal(containerOf(pod(["c", "d"]), "d"), "d");
  assert.equal(containerOf(pod(["c", "d"], { init: ["i"] }), "i"), "i");
  assert.equal(containerOf(pod(["c"]), "debug"), "debug");
  assert.equal(containerOf(pod(["c", "d"], { preferred: "d" }), ""), "d");
});

const refused: readonly (readonly [Pod, string, string])[] = [
  [pod(["c", "d"]), "nosuch", "container nosuch is not valid for pod two"],
  [pod([]), "", "a container name must be specified for pod two"],
  [pod(["c", "d"]), "", "a container name must be specified for pod two, choose one of: [c d]"],
  [
    pod(["c", "d"], { init: ["i", "j"], preferred: "nosuch" }),
    "",
    "a container name must be specified for pod two, choose one of: [c d] or one of the init containers: [i j]",
  ],
];
for (const [subject, asked, message] of refused) {
  Deno.test(`containerOf() says: ${message}`, () => {
    assert.throws(() => containerOf(subject, asked), { reason: "BadRequest", message });
  });
}
