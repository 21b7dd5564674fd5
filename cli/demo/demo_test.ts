import assert from "node:assert/strict";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { Client, PatchOptions } from "../../shared/client/client.ts";
import { pathOf } from "../../shared/client/resource.ts";
import { assetOf, locateProgram } from "../program.ts";
import { applyAll, parseManifests, readManifests } from "./apply_files.ts";
import { isRolledOut } from "./demo.ts";
import { demoImage } from "./demo_image.ts";

Deno.test("examples/hello is applied on the server's side, namespace first, with the image that the demo makes", async () => {
  const applied: string[] = [];
  const client = {
    patch(resource, ref, patch, options: PatchOptions) {
      applied.push(pathOf(resource, ref));
      const { annotations = {} } = (patch as KubeObject).metadata;
      const remembered = annotations["kubectl.kubernetes.io/last-applied-configuration"];
      assert.equal(JSON.parse(remembered!).metadata.name, ref.name);
      assert.deepEqual(options, { type: "apply", fieldManager: "coracle", force: true });
      return Promise.resolve(patch as never);
    },
  } as Pick<Client, "patch"> as Client;
  const objects = await readManifests(assetOf(locateProgram(), "examples/hello"));
  await applyAll(client, objects);
  assert.deepEqual(applied, [
    "/api/v1/namespaces/hello",
    "/api/v1/namespaces/hello/configmaps/hello-page",
    "/apis/apps/v1/namespaces/hello/deployments/hello",
    "/api/v1/namespaces/hello/services/hello",
  ]);
  assert.ok(JSON.stringify(objects).includes(`"image":"${demoImage}"`));
});

Deno.test("applyAll() refuses a kind that the API does not have", async () => {
  const object: KubeObject = { apiVersion: "v1", kind: "Nothing", metadata: { name: "n" } };
  await assert.rejects(applyAll({} as Client, [object]), /Cannot apply Nothing of v1/);
});

Deno.test("parseManifests() leaves empty documents out and throws for broken ones", () => {
  assert.equal(parseManifests("---\n---\nkind: A\nmetadata: {name: a}\n---\n").length, 1);
  assert.throws(() => parseManifests("a: [1"));
});

const status = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
const rollouts: readonly [title: string, change: object, want: boolean][] = [
  ["all are there", {}, true],
  ["the controller has not seen the change", { observedGeneration: 1 }, false],
  ["old pods are left", { replicas: 3 }, false],
  ["a new one is not available", { availableReplicas: 1 }, false],
];
for (const [title, change, want] of rollouts) {
  Deno.test(`isRolledOut() is ${want} when ${title}`, () => {
    const deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "hello", generation: 2 },
      spec: { replicas: 2, selector: {}, template: {} },
      status: { ...status, ...change },
    };
    assert.equal(isRolledOut(deployment as Parameters<typeof isRolledOut>[0]), want);
  });
}
