import assert from "node:assert/strict";
import { NodeInfo } from "./cache/node_info.ts";
import { Resources } from "./cache/resources.ts";
import type { ScoringStrategy } from "./configuration/plugin_args.ts";
import { resourceScore } from "./resource_scoring.ts";
import { brokenLine } from "./shape.ts";
import { makeNode } from "./testing/harness.ts";

const cpuAndMemory = [{ name: "cpu", weight: 1 }, { name: "memory", weight: 3 }];
const gpu = "example.com/gpu";

// The node has 4 CPUs, 8Gi and 2 GPUs; the pod asks for 1 CPU (25 %) and 6Gi (75 %).
const cases: readonly { title: string; strategy: ScoringStrategy; gpus?: string; want: number }[] =
  [
    {
      title: "the free shares, weighted",
      strategy: { type: "LeastAllocated", resources: cpuAndMemory },
      want: (75 + 3 * 25) / 4 | 0,
    },
    {
      title: "the used shares, weighted",
      strategy: { type: "MostAllocated", resources: cpuAndMemory },
      want: (25 + 3 * 75) / 4 | 0,
    },
    {
      title: "an extended resource only if it is asked for",
      strategy: { type: "MostAllocated", resources: [{ name: gpu, weight: 1 }] },
      want: 0,
    },
    {
      title: "an extended resource that is asked for",
      strategy: { type: "MostAllocated", resources: [{ name: gpu, weight: 1 }] },
      gpus: "1",
      want: 50,
    },
    {
      title: "a line of one's own, without what scores nothing",
      strategy: {
        type: "RequestedToCapacityRatio",
        resources: cpuAndMemory,
        shape: [{ utilization: 25, score: 0 }, { utilization: 100, score: 10 }],
      },
      want: 66,
    },
  ];

for (const { title, strategy, gpus, want } of cases) {
  Deno.test(`resourceScore() counts ${title}`, () => {
    const node = new NodeInfo("n");
    node.setNode(makeNode("n", { cpu: "4", memory: "8Gi", more: { [gpu]: "2" } }));
    const requests = Resources.of({ cpu: "1", memory: "6Gi", ...(gpus && { [gpu]: gpus }) });
    assert.equal(resourceScore(strategy)(node, requests), want);
  });
}

Deno.test("brokenLine() goes straight from point to point, and on at its ends", () => {
  const line = brokenLine([{ utilization: 20, score: 10 }, { utilization: 60, score: 2 }]);
  assert.deepEqual([0, 20, 21, 40, 60, 100].map(line), [100, 100, 98, 60, 20, 20]);
});
