import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { within } from "./within.ts";

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  );
}

Deno.test("within() ends a task that takes too long, or whose owner stops", async () => {
  const clock = new FakeClock();
  const owner = new AbortController();
  const options = { clock, ms: 1000, signal: owner.signal };
  const late = assert.rejects(within(untilAborted, options), {
    message: "context deadline exceeded",
  });
  await clock.advance(1000);
  await late;
  const stopped = assert.rejects(within(untilAborted, options), { message: "stopped" });
  owner.abort(new Error("stopped"));
  await stopped;
});

Deno.test("within() gives what the task gives and leaves no timer", async () => {
  const clock = new FakeClock();
  const { signal } = new AbortController();
  assert.equal(await within(() => Promise.resolve(7), { clock, ms: 1000, signal }), 7);
  assert.equal(clock.nextDue, undefined);
});
