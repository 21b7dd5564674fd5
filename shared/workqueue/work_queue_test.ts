import assert from "node:assert/strict";
import { FakeClock } from "../clock/fake_clock.ts";
import { WorkQueue } from "./work_queue.ts";

Deno.test("WorkQueue hands a key that was added several times out once, oldest first", async () => {
  const queue = new WorkQueue(new FakeClock());
  for (const key of ["a", "b", "a"]) queue.add(key);
  assert.equal(queue.length, 2);
  assert.deepEqual([await queue.next(), await queue.next()], ["a", "b"]);
});

Deno.test("WorkQueue keeps a key that is added while worked on until it is done", async () => {
  const queue = new WorkQueue(new FakeClock());
  queue.add("a");
  await queue.next();
  queue.add("a");
  queue.add("a");
  assert.equal(queue.length, 0);
  queue.done("a");
  assert.equal(await queue.next(), "a");
  queue.done("a");
  assert.equal(queue.length, 0);
});

Deno.test("WorkQueue wakes one waiter for each key", async () => {
  const queue = new WorkQueue(new FakeClock());
  const waiting = [queue.next(), queue.next(), queue.next()];
  queue.add("a");
  queue.add("b");
  queue.stop();
  assert.deepEqual(await Promise.all(waiting), ["a", "b", undefined]);
  assert.equal(await queue.next(), undefined);
});

Deno.test("WorkQueue adds later, the shortest delay counting", async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock);
  queue.add("a", 100);
  queue.add("a", 500);
  queue.add("b", 500);
  queue.add("b", 50);
  await clock.advance(50);
  assert.equal(queue.length, 1);
  await clock.advance(50);
  assert.equal(queue.length, 2);
  await queue.next();
  await queue.next();
  queue.done("a");
  queue.done("b");
  await clock.advance(1000);
  assert.equal(queue.length, 0);
});

Deno.test("WorkQueue retry() doubles from 5 ms to 1000 s and forgets", async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock, { perSecond: 1e9 });
  assert.deepEqual([1, 2, 3, 4].map(() => queue.retry("a")), [5, 10, 20, 40]);
  for (let i = 0; i < 30; i++) queue.retry("a");
  assert.equal(queue.retry("a"), 1_000_000);
  queue.forget("a");
  assert.equal(queue.retry("a"), 5);
  await clock.advance(5);
  assert.equal(await queue.next(), "a");
});

Deno.test("WorkQueue retry() is bounded over all keys by a bucket", async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock, { perSecond: 10, burst: 3 });
  const waits = () => Array.from({ length: 5 }, (_, i) => queue.retry(`k${clock.now()}-${i}`));
  assert.deepEqual(waits(), [5, 5, 5, 100, 200]);
  await clock.advance(10_000);
  assert.deepEqual(waits(), [5, 5, 5, 100, 200]);
});
