import assert from "node:assert/strict";
import { divideSeats } from "./concurrency_allocation.ts";
import { RetryAfter } from "./retry_after.ts";
import { SeatDemand } from "./seat_demand.ts";
import { handOf } from "./shuffle_sharding.ts";

Deno.test("handOf() deals different queues, the same to the same flow", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const flow = { schema: "s", distinguisher: String(i) };
    const hand = handOf(flow, { deckSize: 16, handSize: 4 });
    assert.equal(new Set(hand).size, 4);
    assert.ok(hand.every((card) => card >= 0 && card < 16));
    assert.deepEqual(handOf(flow, { deckSize: 16, handSize: 4 }), hand);
    seen.add(hand.toSorted((a, b) => a - b).join());
  }
  assert.ok(seen.size > 150, `${seen.size} different hands of 1820`);
});

Deno.test("handOf() uses all queues alike", () => {
  const counts = new Array<number>(8).fill(0);
  for (let i = 0; i < 4000; i++) {
    const hand = handOf({ schema: "s", distinguisher: String(i) }, { deckSize: 8, handSize: 2 });
    for (const card of hand) counts[card]!++;
  }
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 150, String(counts));
});

Deno.test("SeatDemand weighs values by how long they lasted", () => {
  const demand = new SeatDemand(0);
  demand.set(4, 10);
  demand.set(0, 20);
  assert.deepEqual(demand.take(40), { highWatermark: 4, average: 1, deviation: Math.sqrt(3) });
  demand.set(2, 50);
  assert.equal(demand.take(50)!.average, 0);
  assert.equal(demand.take(50), undefined);
});

const divisions: readonly [
  title: string,
  total: number,
  claims: readonly (readonly [target: number, lower: number, upper: number])[],
  seats: readonly number[],
][] = [
  ["alike where no bound matters", 30, [[10, 0, 100], [20, 0, 100]], [10, 20]],
  ["in proportion to what is wanted", 60, [[10, 0, 100], [20, 0, 100]], [20, 40]],
  ["nobody less than its lower bound", 20, [[10, 10, 100], [30, 0, 100]], [10, 10]],
  ["nobody more than its upper bound", 60, [[10, 0, 15], [20, 0, 100]], [15, 45]],
  ["lower bounds if there is not even enough for those", 5, [[10, 4, 10], [10, 4, 10]], [4, 4]],
  ["upper bounds if there is more than anybody may have", 50, [[1, 0, 3], [1, 0, 4]], [3, 4]],
  ["something to who wants nothing", 10, [[0, 0, 10], [0, 0, 10]], [5, 5]],
];
for (const [title, total, claims, seats] of divisions) {
  Deno.test(`divideSeats() gives ${title}`, () => {
    const given = divideSeats(
      total,
      claims.map(([target, lower, upper]) => ({ target, lower, upper })),
    );
    assert.deepEqual(given.seats.map((value) => Math.round(value * 1e6) / 1e6), seats);
  });
}

Deno.test("RetryAfter grows while many are refused and shrinks when few are", () => {
  const retry = new RetryAfter();
  const waits: number[] = [];
  for (let second = 0; second < 20; second++) {
    for (let i = 0; i < 20; i++) retry.refuse(second * 1000);
    waits.push(retry.refuse(second * 1000));
  }
  assert.equal(waits[0], 1);
  assert.ok(waits.at(-1)! >= 8, String(waits));
  for (let second = 40; second < 90; second++) retry.refuse(second * 1000);
  assert.ok(retry.refuse(90_000) < waits.at(-1)!);
});
