import assert from "node:assert/strict";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { PodInfo } from "../cache/pod_info.ts";
import type { ClusterEvent, EventKind, QueueingHint } from "../framework.ts";
import { prioritySort } from "../plugins/priority_sort.ts";
import { schedulingGates } from "../plugins/scheduling_gates.ts";
import { makePod, type PodOptions } from "../testing/harness.ts";
import { Heap } from "./heap.ts";
import { SchedulingQueue } from "./scheduling_queue.ts";

function info(name: string, options: PodOptions = {}): PodInfo {
  return new PodInfo(makePod(name, options));
}

function setUp(hint: QueueingHint = () => true) {
  const clock = new FakeClock();
  let ready = 0;
  const profile = {
    preEnqueue: [schedulingGates()],
    hints: new Map<EventKind, Map<string, QueueingHint>>([["NodeAdd", new Map([["Fit", hint]])]]),
  };
  const queue = new SchedulingQueue({
    clock,
    queueSort: prioritySort().queueSort!,
    profileOf: () => profile,
    onReady: () => void ready++,
  });
  return { clock, queue, ready: () => ready };
}
const nodeAdded: ClusterEvent = { kind: "NodeAdd" };

Deno.test("Heap gives items in order, also after removals", () => {
  const heap = new Heap<{ n: number }>((a, b) => a.n - b.n);
  const items = [5, 3, 9, 1, 7, 2, 8].map((n) => ({ n }));
  items.forEach((item) => heap.push(item));
  assert.equal(heap.remove(items[0]!), true);
  assert.equal(heap.remove(items[0]!), false);
  heap.remove(items[3]!);
  const order: number[] = [];
  for (let item = heap.pop(); item; item = heap.pop()) order.push(item.n);
  assert.deepEqual(order, [2, 3, 7, 8, 9]);
});

Deno.test("SchedulingQueue pops by priority, then by age", async () => {
  const { queue, clock } = setUp();
  queue.set(info("old"));
  await clock.advance(1);
  queue.set(info("young"));
  queue.set(info("urgent", { priority: 10 }));
  const names = [queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((pod) => pod?.pod.name);
  assert.deepEqual(names, ["urgent", "old", "young", undefined]);
});

Deno.test("SchedulingQueue doubles the back-off after errors, from 1 s to 10 s", async () => {
  const { queue, clock } = setUp();
  queue.set(info("a"));
  for (const seconds of [1, 2, 4, 8, 10, 10]) {
    const waiting = queue.pop()!;
    queue.fail(waiting);
    assert.equal(clock.nextDue, seconds * 1000);
    await clock.advance(seconds * 1000 - 1);
    assert.equal(queue.pop(), undefined, `before ${seconds} s`);
    await clock.advance(1);
  }
});

Deno.test("SchedulingQueue wakes rejected pods by the events of the plugins that rejected them", () => {
  const { queue } = setUp(({ name }) => name === "a");
  for (const name of ["a", "b"]) queue.set(info(name));
  for (const _ of "ab") queue.reject(queue.pop()!, new Set(["Fit"]));
  queue.dispatch({ kind: "PodDelete" });
  assert.equal(queue.pop(), undefined);
  queue.dispatch(nodeAdded);
  // Taken early: nobody else waits.
  assert.equal(queue.pop()?.pod.name, "a");
  assert.equal(queue.pop(), undefined);
});

Deno.test("SchedulingQueue tries rejected pods again after five minutes", async () => {
  const { queue, clock } = setUp();
  queue.set(info("a"));
  queue.reject(queue.pop()!, new Set(["Fit"]));
  await clock.advance(299_999);
  assert.equal(queue.pop(), undefined);
  await clock.advance(1);
  assert.equal(queue.pop()?.pod.name, "a");
});

Deno.test("SchedulingQueue sets no timer while nothing waits", () => {
  const { queue, clock } = setUp();
  queue.set(info("a"));
  queue.delete(queue.pop()!.pod.uid);
  assert.equal(clock.nextDue, undefined);
  assert.equal(queue.size, 0);
});

Deno.test("SchedulingQueue keeps gated pods out until their gates are gone", () => {
  const { queue } = setUp();
  queue.set(info("a", { schedulingGates: [{ name: "quota" }] }));
  assert.equal(queue.placeOf("uid-a"), "gated");
  assert.equal(queue.pop(), undefined);
  queue.set(info("a"));
  assert.equal(queue.pop()?.pod.name, "a");
});

Deno.test("SchedulingQueue tries a rejected pod again when it asks for something else", () => {
  const { queue } = setUp();
  queue.set(info("a", { cpu: "9" }));
  queue.reject(queue.pop()!, new Set(["Fit"]));
  const same = info("a", { cpu: "9" });
  same.pod.status = { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False" }] };
  queue.set(same);
  assert.equal(queue.placeOf("uid-a"), "rejected");
  queue.set(info("a", { cpu: "1" }));
  assert.equal(queue.pop()?.pod.pod, queue.get("uid-a")?.pod.pod);
});

Deno.test("SchedulingQueue holds a pod back and remembers what it missed", () => {
  const { queue } = setUp();
  queue.set(info("a"));
  const waiting = queue.pop()!;
  queue.hold("uid-a");
  queue.reject(waiting, new Set(["Fit"]));
  queue.dispatch(nodeAdded);
  assert.equal(queue.pop(), undefined);
  queue.release("uid-a", { retry: false });
  assert.equal(queue.pop()?.pod.name, "a");
});

Deno.test("SchedulingQueue ignores reports about pods that are gone", () => {
  const { queue, clock } = setUp();
  queue.set(info("a"));
  const waiting = queue.pop()!;
  queue.delete("uid-a");
  queue.fail(waiting);
  queue.reject(waiting, new Set());
  assert.equal(queue.size, 0);
  assert.equal(clock.nextDue, undefined);
});
