import assert from "node:assert/strict";
import type { ResourceClaim } from "../../../shared/api/resource/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { PodInfo } from "../cache/pod_info.ts";
import { makeNode, makePod } from "../testing/harness.ts";
import { PluginFixture, stored } from "../testing/plugin_fixture.ts";
import { dynamicResources } from "./dynamic_resources.ts";

const onA = {
  nodeSelectorTerms: [{
    matchFields: [{ key: "metadata.name", operator: "In" as const, values: ["a"] }],
  }],
};
const pod = makePod("p", { resourceClaims: [{ name: "gpu", resourceClaimName: "c" }] });

function fixture(...claims: readonly Partial<ResourceClaim>[]): PluginFixture {
  return new PluginFixture(dynamicResources, {
    nodes: [makeNode("a"), makeNode("b")],
    objects: claims.map((claim) => stored(resources.resourceclaims, claim)),
  });
}

function claim(status: ResourceClaim["status"]): Partial<ResourceClaim> {
  return { metadata: { name: "c", namespace: "shop", resourceVersion: "7" }, status };
}

Deno.test("DynamicResources filter() keeps a pod where its claim's devices are", () => {
  const allocated = fixture(claim({ allocation: { nodeSelector: onA } }));
  const away = "! resourceclaim not available on the node";
  assert.deepEqual(allocated.verdicts(pod), { a: "", b: away });
  const anywhere = fixture(claim({ allocation: {} }));
  assert.deepEqual(anywhere.verdicts(pod), { a: "", b: "" });
  const open = fixture(claim({}));
  const waiting = "! cannot allocate all claims";
  assert.deepEqual(open.verdicts(pod), { a: waiting, b: waiting });
});

Deno.test("DynamicResources preEnqueue() waits for claims that are still to come", () => {
  const { plugin } = fixture();
  const why = (given: typeof pod) => {
    const verdict = plugin.preEnqueue!(new PodInfo(given));
    return verdict.code === "Success" || verdict.code === "Error" ? "" : verdict.reasons.join();
  };
  assert.equal(why(pod), 'resourceclaim.resource.k8s.io "c" not found');
  const made = makePod("q", { resourceClaims: [{ name: "gpu", resourceClaimTemplateName: "t" }] });
  assert.equal(why(made), 'pod "shop/q": ResourceClaim not created yet');
  assert.equal(why(makePod("r")), "");
});

Deno.test("DynamicResources preBind() reserves claims once", async () => {
  const { plugin, cache, api } = fixture(claim({ allocation: {} }));
  const info = new PodInfo(pod);
  await plugin.preBind!(info, cache.node("a")!);
  const { status } = api.of(resources.resourceclaims).get("shop/c")!;
  assert.deepEqual(status?.reservedFor, [{ resource: "pods", name: "p", uid: "uid-p" }]);
  assert.equal(plugin.preBind!(info, cache.node("a")!), undefined);
});
