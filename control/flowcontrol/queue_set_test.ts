import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { QueueSet, type Ticket, type Work } from "./queue_set.ts";

const plain: Work = { initialSeats: 1, finalSeats: 0, additionalMs: 0 };
const wide = (seats: number): Work => ({ initialSeats: seats, finalSeats: 0, additionalMs: 0 });
const flow = (distinguisher: string) => ({ schema: "s", distinguisher });

function queued(limit: number, more: { queues?: number; handSize?: number; length?: number } = {}) {
  const clock = new FakeClock();
  const set = new QueueSet(clock);
  const { queues = 16, handSize = 4, length = 50 } = more;
  set.configure({ queues, handSize, queueLengthLimit: length });
  set.setLimit(limit);
  return { clock, set };
}

function taken(outcome: ReturnType<QueueSet["start"]>): Ticket {
  assert.ok(typeof outcome !== "string", String(outcome));
  return outcome;
}

Deno.test("QueueSet lets requests run at once while there are seats, and others when seats become free", async () => {
  const { set } = queued(2);
  const [a, b, c] = [1, 2, 3].map(() => taken(set.start(plain, flow("x"))));
  assert.equal(a!.turn, undefined);
  assert.equal(b!.turn, undefined);
  assert.deepEqual([set.executing, set.waiting], [2, 1]);
  a!.finish();
  assert.equal(await c!.turn, true);
  assert.deepEqual([set.executing, set.waiting, set.seatsInUse], [2, 0, 2]);
});

Deno.test("QueueSet refuses a request when its queues are full and there is no seat", () => {
  const { set } = queued(1, { queues: 1, handSize: 1, length: 2 });
  for (let i = 0; i < 3; i++) taken(set.start(plain, flow("x")));
  assert.equal(set.start(plain, flow("x")), "queue-full");
});

Deno.test("QueueSet without queues refuses what finds no seat", () => {
  const set = new QueueSet(new FakeClock());
  set.configure("reject");
  set.setLimit(1);
  const ticket = taken(set.start(plain, flow("x")));
  assert.equal(set.start(plain, flow("x")), "concurrency-limit");
  ticket.finish();
  taken(set.start(plain, flow("x")));
});

Deno.test("QueueSet of an exempt level never makes anybody wait", () => {
  const set = new QueueSet(new FakeClock());
  set.configure("exempt");
  set.setLimit(0);
  for (let i = 0; i < 1000; i++) assert.equal(taken(set.start(wide(5), flow("x"))).turn, undefined);
  assert.equal(set.seatsInUse, 5000);
});

Deno.test("QueueSet forgets a request that gave up, and lets the next one run", async () => {
  const { set } = queued(1);
  const first = taken(set.start(plain, flow("x")));
  const second = taken(set.start(plain, flow("x")));
  const third = taken(set.start(plain, flow("x")));
  second.cancel();
  assert.equal(await second.turn, false);
  first.finish();
  assert.equal(await third.turn, true);
  second.cancel();
  assert.equal(set.waiting, 0);
});

Deno.test("QueueSet lets a request wider than the level run alone", async () => {
  const { set } = queued(4);
  const small = taken(set.start(plain, flow("x")));
  const large = taken(set.start(wide(10), flow("y")));
  assert.notEqual(large.turn, undefined);
  small.finish();
  assert.equal(await large.turn, true);
  const next = taken(set.start(plain, flow("x")));
  assert.notEqual(next.turn, undefined);
  large.finish();
  assert.equal(await next.turn, true);
});

Deno.test("QueueSet keeps seats for what a request causes after it", async () => {
  const { set, clock } = queued(2);
  const ticket = taken(set.start({ initialSeats: 1, finalSeats: 2, additionalMs: 100 }, flow("x")));
  ticket.finish();
  assert.deepEqual([set.executing, set.seatsInUse], [0, 2]);
  const next = taken(set.start(plain, flow("x")));
  await clock.advance(100);
  assert.equal(await next.turn, true);
  next.finish();
  assert.equal(set.seatsInUse, 0);
});

Deno.test("QueueSet takes more or fewer queues while requests wait", async () => {
  const { set } = queued(1, { queues: 8, handSize: 2 });
  const tickets = Array.from({ length: 20 }, (_, i) => taken(set.start(plain, flow(String(i)))));
  set.configure({ queues: 2, handSize: 1, queueLengthLimit: 50 });
  tickets.push(taken(set.start(plain, flow("late"))));
  let ran = 0;
  const runs = tickets.map(async (ticket) => {
    if (ticket.turn && !await ticket.turn) return;
    ran++;
    ticket.finish();
  });
  await Promise.all(runs);
  assert.equal(ran, 21);
  assert.deepEqual([set.executing, set.waiting, set.seatsInUse], [0, 0, 0]);
});

/** Keeps `depth` requests of each flow asking for `ms` of service; gives how many of each were served. */
async function serve(
  { set, clock }: { set: QueueSet; clock: FakeClock },
  flows: Readonly<Record<string, { depth: number; ms: number; work?: Work }>>,
  forMs: number,
): Promise<Record<string, number>> {
  const served: Record<string, number> = {};
  const end = clock.monotonic() + forMs;
  const ask = (name: string) => {
    const { ms, work = plain } = flows[name]!;
    const ticket = set.start(work, flow(name));
    if (typeof ticket === "string") return void clock.after(1, () => ask(name));
    const run = () =>
      clock.after(ms, () => {
        served[name] = (served[name] ?? 0) + 1;
        ticket.finish();
        if (clock.monotonic() < end) ask(name);
      });
    if (ticket.turn) void ticket.turn.then((runs) => runs && run());
    else run();
  };
  for (const [name, { depth }] of Object.entries(flows)) {
    for (let i = 0; i < depth; i++) ask(name);
  }
  for (let now = 0; now < forMs; now++) {
    clock.tick(1);
    await Promise.resolve();
    await Promise.resolve();
  }
  return served;
}

Deno.test("QueueSet gives a modest flow all it asks for beside one that floods", async () => {
  const place = queued(10, { queues: 64, handSize: 6 });
  const served = await serve(place, {
    flood: { depth: 250, ms: 10 },
    modest: { depth: 2, ms: 10 },
  }, 2000);
  // Two requests of 10 ms each in turn could be served 400 times with nobody else there.
  assert.ok(served.modest! > 250, JSON.stringify(served));
  assert.ok(served.flood! > 1000, JSON.stringify(served));
});

Deno.test("QueueSet divides seats between flows that could each use all, also if one has slower requests", async () => {
  const place = queued(10, { queues: 64, handSize: 1 });
  const served = await serve(place, {
    quick: { depth: 40, ms: 5 },
    slow: { depth: 40, ms: 20 },
  }, 4000);
  const [quick, slow] = [served.quick! * 5, served.slow! * 20];
  assert.ok(Math.abs(quick - slow) / (quick + slow) < 0.1, JSON.stringify({ quick, slow }));
});

Deno.test("QueueSet charges wide requests for their seats", async () => {
  const place = queued(12, { queues: 64, handSize: 1 });
  const served = await serve(place, {
    narrow: { depth: 40, ms: 10 },
    wide: { depth: 40, ms: 10, work: wide(3) },
  }, 4000);
  const [narrow, broad] = [served.narrow!, served.wide! * 3];
  assert.ok(Math.abs(narrow - broad) / (narrow + broad) < 0.15, JSON.stringify(served));
});
