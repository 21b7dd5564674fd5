import assert from "node:assert/strict";
import { makeNode, makePod } from "../testing/harness.ts";
import { PluginFixture } from "../testing/plugin_fixture.ts";
import { imageLocality } from "./image_locality.ts";
import { nodeResourcesBalancedAllocation } from "./node_resources_balanced_allocation.ts";

Deno.test("NodeResourcesBalancedAllocation score() prefers similar shares", () => {
  const fixture = new PluginFixture(nodeResourcesBalancedAllocation, {
    nodes: [makeNode("a", { cpu: "4", memory: "4Gi" }), makeNode("b", { cpu: "4", memory: "4Gi" })],
    pods: [
      makePod("x", { cpu: "2", nodeName: "a" }),
      makePod("y", { memory: "2Gi", nodeName: "b" }),
    ],
  });
  // a: from 50 % and 0 % (75 points) to 100 % and 25 % (62); b: from 0 % and 50 % (75) to 50 % and 75 % (87).
  assert.deepEqual(fixture.scores(makePod("p", { cpu: "2", memory: "1Gi" })), { a: 68, b: 81 });
  assert.equal(fixture.scores(makePod("q")), undefined);
});

Deno.test("ImageLocality score() prefers nodes with large images, the more so if they are common", () => {
  const MiB = 1024 * 1024;
  const withImage = (name: string, sizeBytes: number) => {
    const node = makeNode(name);
    node.status!.images = [{ names: ["registry.test/app:latest"], sizeBytes }];
    return node;
  };
  const fixture = new PluginFixture(imageLocality, {
    nodes: [withImage("a", 1000 * MiB), withImage("b", 1000 * MiB), makeNode("c"), makeNode("d")],
  });
  const pod = makePod("p", { containers: [{ name: "main", image: "registry.test/app" }] });
  // Half of the nodes have it: (500 - 23) / (1000 - 23).
  assert.deepEqual(fixture.scores(pod), { a: 48, b: 48, c: 0, d: 0 });
  assert.equal(fixture.scores(makePod("q")), undefined);
});
