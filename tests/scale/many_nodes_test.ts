import assert from "node:assert/strict";
import { measureSize } from "./many_nodes.ts";

Deno.test("measureSize() does everything with every object, and no event is missing", async () => {
  const costs = await measureSize({ nodes: 7, podsPerNode: 3 });
  assert.deepEqual(Object.keys(costs), [
    "create pod",
    "get pod",
    "list all pods",
    "list page of 500",
    "list pods of a node",
    "merge-patch pod status",
    "renew lease",
    "watch from the beginning",
    "patch that one of the nodes watches",
  ]);
  for (const [op, cost] of Object.entries(costs)) assert.ok(cost >= 0 && cost < 1e6, op);
});
