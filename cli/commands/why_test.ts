import assert from "node:assert/strict";
import { linesOf } from "./why.ts";

Deno.test("coracle why prints reasons with their nodes, then what would help", () => {
  const lines = linesOf({
    pod: "shop/web",
    nodeCount: 8,
    fits: [],
    reasons: [
      {
        reason: "Insufficient cpu",
        plugin: "NodeResourcesFit",
        nodes: ["a", "b", "c", "d", "e", "f"],
      },
      { reason: "node(s) were unschedulable", plugin: "NodeUnschedulable", nodes: ["g"] },
    ],
    suggestions: [{ node: "g", changes: [{ type: "Uncordon", node: "g" }] }],
    isPartial: false,
  }, ["persistentvolumes"]);
  assert.deepEqual(lines, [
    "shop/web fits none of 8 nodes.",
    "",
    "Reasons",
    "  Insufficient cpu: 6 (a, b, c, d, e, …)",
    "  node(s) were unschedulable: 1 (g)",
    "",
    "Any one of these would let it run",
    "  on g: uncordon node g",
    "",
    "Not read, for want of rights: persistentvolumes.",
  ]);
});
