import assert from "node:assert/strict";
import { Harness, makeNode, makePod } from "./testing/harness.ts";

Deno.test("startScheduler() binds pods to nodes that fit and says why others wait", async () => {
  const harness = new Harness();
  await harness.start();
  await harness.add(
    makeNode("small", { cpu: "1" }),
    makeNode("big", { cpu: "8" }),
    makePod("a", { cpu: "2" }),
    makePod("huge", { cpu: "20" }),
  );
  assert.deepEqual(harness.placements(), { a: "big", huge: "" });
  assert.equal(
    harness.whyWaiting("shop/huge"),
    "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: " +
      "2 Preemption is not helpful for scheduling.",
  );
  assert.ok(harness.events.includes("Normal Scheduled Successfully assigned shop/a to big"));
  await harness.stop();
});
