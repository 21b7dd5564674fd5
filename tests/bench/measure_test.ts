import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { measure } from "./measure.ts";

Deno.test("measure() does each turn once, with so many at once, and says how long they took", async () => {
  const clock = new FakeClock();
  const done: number[] = [];
  let atOnce = 0;
  let most = 0;
  const measured = measure({
    op: "wait",
    count: 20,
    inFlight: 4,
    act: async (i) => {
      most = Math.max(most, ++atOnce);
      await new Promise<void>((resolve) => clock.after(i === 7 ? 50 : 10, resolve));
      done.push(i);
      atOnce--;
    },
  }, clock);
  await clock.advance(1000);
  const { op, n, p50_ms, p99_ms, per_s, note } = await measured;
  assert.deepEqual({ op, n, p50_ms, p99_ms, note }, {
    op: "wait",
    n: 20,
    p50_ms: 10,
    p99_ms: 50,
    note: undefined,
  });
  assert.ok(Math.abs(per_s - 20 / 0.06) < 1, String(per_s));
  assert.deepEqual(done.sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
  assert.equal(most, 4);
});

Deno.test("measure() goes on after a failure and tells of it", async () => {
  const act = (i: number) => i % 2 ? Promise.reject(new Error("no")) : Promise.resolve();
  const { note } = await measure({ op: "fail", count: 5, inFlight: 1, act }, new FakeClock());
  assert.equal(note, "FAILED 2: Error: no");
});
