import assert from "node:assert/strict";
import { cpuMs, descendants, usageOf } from "./process_usage.ts";

Deno.test("cpuMs() adds a process's time and its ended children's, whatever it is called", () => {
  const before = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0";
  assert.equal(cpuMs(`${before} 12 3 40 5 20 0 7 0 999 1000 10`), 600);
});

Deno.test("descendants() finds children of children, and nobody else", () => {
  const parentOf = new Map([[5, 4], [4, 3], [3, 1], [9, 8], [8, 1]]);
  assert.deepEqual(descendants([3], parentOf).sort(), [3, 4, 5]);
  assert.deepEqual(descendants([3, 8], parentOf).sort(), [3, 4, 5, 8, 9]);
});

Deno.test("usageOf() sees what this process uses", () => {
  const usage = usageOf(Deno.pid);
  assert.ok(usage.cpuMs > 0);
  assert.ok(usage.rssMb > 10 && usage.pssMb > 5 && usage.pssMb <= usage.rssMb + 1);
  assert.ok(usage.wakeups > 0);
});
