import assert from "node:assert/strict";
import type { PodSpec } from "../../../shared/api/core/v1/types.gen.ts";
import { makeNode, makePod } from "../testing/harness.ts";
import { PluginFixture } from "../testing/plugin_fixture.ts";
import { nodeResourcesFit } from "./node_resources_fit.ts";

function container(name: string, cpu: string, more: Record<string, unknown> = {}) {
  return { name, image: "app", resources: { requests: { cpu } }, ...more };
}

const cases: readonly { title: string; spec: Partial<PodSpec>; want: string }[] = [
  { title: "what fits exactly", spec: { containers: [container("a", "2")] }, want: "" },
  {
    title: "more than is free",
    spec: { containers: [container("a", "2001m")] },
    want: "Insufficient cpu",
  },
  {
    title: "more than the node has",
    spec: { containers: [container("a", "5")] },
    want: "! Insufficient cpu",
  },
  {
    title: "containers together",
    spec: { containers: [container("a", "1500m"), container("b", "1")] },
    want: "Insufficient cpu",
  },
  {
    title: "an init container that needs more than the containers",
    spec: { containers: [container("a", "1")], initContainers: [container("i", "3")] },
    want: "Insufficient cpu",
  },
  {
    title: "init containers one after the other",
    spec: {
      containers: [container("a", "1")],
      initContainers: [container("i", "2"), container("j", "2")],
    },
    want: "",
  },
  {
    title: "a sidecar beside the containers",
    spec: {
      containers: [container("a", "1")],
      initContainers: [container("s", "1500m", { restartPolicy: "Always" })],
    },
    want: "Insufficient cpu",
  },
  {
    title: "a sidecar beside a later init container",
    spec: {
      containers: [container("a", "100m")],
      initContainers: [container("s", "1", { restartPolicy: "Always" }), container("i", "1500m")],
    },
    want: "Insufficient cpu",
  },
  {
    title: "overhead",
    spec: { containers: [container("a", "2")], overhead: { cpu: "1m" } },
    want: "Insufficient cpu",
  },
  {
    title: "pod-level requests instead of those of containers",
    spec: { containers: [container("a", "3")], resources: { requests: { cpu: "1" } } },
    want: "",
  },
  {
    title: "several shortages",
    spec: {
      containers: [{
        name: "a",
        resources: { requests: { cpu: "3", memory: "20Gi", "ephemeral-storage": "1Ti" } },
      }],
    },
    want: "! Insufficient cpu, Insufficient memory, Insufficient ephemeral-storage",
  },
  {
    title: "an extended resource that is used up",
    spec: { containers: [{ name: "a", resources: { requests: { "example.com/gpu": "1" } } }] },
    want: "Insufficient example.com/gpu",
  },
];

for (const { title, spec, want } of cases) {
  Deno.test(`NodeResourcesFit filter() judges ${title}`, () => {
    const node = makeNode("n", { more: { "example.com/gpu": "1" } });
    const used = makePod("used", { cpu: "2", nodeName: "n" });
    used.spec!.containers[0]!.resources!.requests!["example.com/gpu"] = "1";
    const fixture = new PluginFixture(nodeResourcesFit, { nodes: [node], pods: [used] });
    assert.deepEqual(fixture.verdicts(makePod("p", spec)), { n: want });
  });
}

Deno.test("NodeResourcesFit filter() counts pods", () => {
  const fixture = new PluginFixture(nodeResourcesFit, {
    nodes: [makeNode("n", { pods: 1 })],
    pods: [makePod("a", { nodeName: "n" })],
  });
  assert.deepEqual(fixture.verdicts(makePod("b")), { n: "Too many pods" });
});

Deno.test("NodeResourcesFit filter() counts a resize at the most of what is asked and given", () => {
  const resized = makePod("a", { cpu: "1", nodeName: "n" });
  resized.status = {
    containerStatuses: [{
      name: "main",
      ready: true,
      restartCount: 0,
      image: "",
      imageID: "",
      resources: { requests: { cpu: "3" } },
    }],
  };
  const fixture = new PluginFixture(nodeResourcesFit, { nodes: [makeNode("n")], pods: [resized] });
  assert.deepEqual(fixture.verdicts(makePod("b", { cpu: "2" })), { n: "Insufficient cpu" });
});

Deno.test("NodeResourcesFit score() prefers the larger free share, with assumed requests", () => {
  const fixture = new PluginFixture(nodeResourcesFit, {
    nodes: [
      makeNode("a", { cpu: "4", memory: "16Gi" }),
      makeNode("b", { cpu: "4", memory: "16Gi" }),
    ],
    pods: [makePod("x", { cpu: "2", memory: "8Gi", nodeName: "a" })],
  });
  // a: cpu (4000-2000-1000)/4000 = 25, memory (16-8-4)/16 = 25; b: 75 and 75.
  assert.deepEqual(fixture.scores(makePod("p", { cpu: "1", memory: "4Gi" })), { a: 25, b: 75 });
  // 100m and 200Mi are assumed: b gets (97 + 98) / 2.
  assert.deepEqual(fixture.scores(makePod("q")), { a: 47, b: 97 });
});
