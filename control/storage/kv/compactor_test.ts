import assert from "node:assert/strict";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { type Random, seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { put, remove, text } from "../contract_suite.ts";
import { MemoryStorage } from "../memory/storage.ts";
import type { Revision, Storage } from "../storage.ts";
import { planSweep } from "./compactor.ts";
import type { Medium } from "./layout.ts";
import { Segment } from "./log_index.ts";
import { openKvMedium } from "./open.ts";
import { readSegment } from "./segment.ts";
import { dump, TestMedium } from "./test_medium.ts";

/**
 * Writes the same to both stores, much at once, so that segments are large: sometimes to all keys alike, sometimes to
 * a few, sometimes only deletes. Segments then die at different rates, and deletes outlive what they delete.
 */
async function burst(random: Random, stores: readonly Storage[]): Promise<void> {
  const mode = random.float();
  const keys = mode < 0.4 ? 300 : 20;
  const first = Math.floor(random.float() * (300 - keys + 1));
  const writes: Promise<unknown>[] = [];
  for (let i = 0; i < 10 + random.float() * 60; i++) {
    const key = `/a/${first + Math.floor(random.float() * keys)}`;
    const size = random.float() < 0.01 ? 90_000 : Math.floor(random.float() * 3000);
    const value = `${i} ${"x".repeat(size)}`;
    for (const store of stores) {
      if (mode < 0.6) writes.push(put(store, key, value));
      else if (store.latest(key)) writes.push(remove(store, key, { last: value }));
    }
  }
  await Promise.all(writes);
}

/** A store on the medium as it is, which it leaves open. */
function openOn(medium: TestMedium, clock: FakeClock) {
  const handle: Medium = {
    atomic: () => medium.atomic(),
    get: medium.get,
    list: medium.list,
    close() {},
  };
  const rest = { clock, log: silentLog, release() {}, place: "memory" };
  return openKvMedium(handle, { ...rest, random: seededRandom(1) });
}

/** The state at a revision, by the reference's count of revisions. */
async function state(store: Storage, revision: Revision): Promise<string[]> {
  const { items } = await store.list("", { revision });
  return items.map((item) => `${item.key}@${item.revision}=${text(item)}`);
}

/** More seeds for a long run: SEEDS=500. */
const seeds = Number(Deno.env.get("SEEDS") ?? 6);
for (let seed = 1; seed <= seeds; seed++) {
  Deno.test(`Compactor leaves a log that means the same, wherever it is stopped (seed ${seed})`, async () => {
    const kv = await Deno.openKv(":memory:");
    const medium = new TestMedium(kv);
    const clock = new FakeClock();
    const open = () => openOn(medium, clock);
    const random = seededRandom(seed);
    const reference = new MemoryStorage();
    let store = await open();
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 5; i++) {
        await burst(random, [reference, store]);
        if (random.float() < 0.3) await clock.advance(200);
      }
      const span = reference.revision() - store.compacted();
      const upTo = store.compacted() + Math.floor(random.float() * (span + 1)) as Revision;
      if (random.float() < 0.4) {
        // Let a few commits through, then fail: a crash in the middle of the work.
        const commits = medium.commits + 1 + Math.floor(random.float() * 4);
        const compacting = store.compact(upTo).catch(() => {});
        while (medium.commits < commits && await stillRunning(compacting));
        medium.failure = new TypeError("killed");
        await compacting;
        medium.failure = undefined;
      } else await store.compact(upTo);
      if (random.float() < 0.6) store = await open();
      assert.equal(store.revision(), reference.revision());
      for (let i = 0; i < 4; i++) {
        const back = Math.floor(random.float() * (reference.revision() - store.compacted() + 1));
        const revision = reference.revision() - back as Revision;
        assert.deepEqual(await state(store, revision), await state(reference, revision));
      }
    }
    await store.compact(store.revision());
    store = await open();
    await store.compact(store.revision());
    const live = (await store.list("")).items.reduce((sum, item) => sum + item.value.length, 0);
    const found = [...await dump(medium)].map(([, value]) =>
      value instanceof Uint8Array ? value.length : 0
    );
    const size = found.reduce((sum, length) => sum + length, 0);
    assert.ok(size < 2 * live + 70_000, `${size} bytes are kept for ${live}`);
    kv.close();
  });
}

Deno.test("Compactor keeps a delete as long as it hides something, and no longer", async () => {
  const kv = await Deno.openKv(":memory:");
  const medium = new TestMedium(kv);
  let store = await openOn(medium, new FakeClock());
  const keys = Array.from({ length: 40 }, (_, i) => `/a/${i}`);
  const all = (value: string) => Promise.all(keys.map((key) => put(store, key, value)));
  const records = async () => {
    const values = [...await dump(medium)].filter(([key]) => key.startsWith("log"));
    return values.flatMap(([, value]) => readSegment(value as Uint8Array).records);
  };
  await all("x".repeat(1000));
  await Promise.all(keys.slice(0, 5).map((key) => remove(store, key)));
  await store.compact(store.revision());
  assert.equal((await records()).length, 45);
  store = await openOn(medium, new FakeClock());
  assert.equal((await store.list("")).items.length, 35);
  for (let i = 0; i < 2; i++) {
    await all("short");
    await store.compact(store.revision());
  }
  assert.equal((await records()).length, 40);
  store = await openOn(medium, new FakeClock());
  assert.deepEqual((await store.list("")).items.map(text), keys.map(() => "short"));
  kv.close();
});

/** Lets other work go on for a moment; whether the promise is still pending then. */
async function stillRunning(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  const moment = new Promise((resolve) => setTimeout(resolve, 0, pending));
  return await Promise.race([promise, moment]) === pending;
}

const cases: { title: string; segments: [bytes: number, dead: number][]; want: number[][] }[] = [
  { title: "leaves full segments alone", segments: [[60_000, 0], [50_000, 20_000]], want: [] },
  { title: "rewrites what is half dead", segments: [[60_000, 30_000], [60_000, 0]], want: [[0]] },
  { title: "leaves a few small ones alone", segments: Array(15).fill([500, 0]), want: [] },
  {
    title: "merges many small ones",
    segments: [[60_000, 0], ...Array<[number, number]>(16).fill([500, 0])],
    want: [Array.from({ length: 16 }, (_, i) => i + 1)],
  },
  {
    title: "merges small ones that fill half a segment",
    segments: [[20_000, 0], [14_000, 0]],
    want: [[0, 1]],
  },
  {
    title: "makes no more than one segment of a run",
    segments: [[30_000, 0], [20_000, 0], [25_000, 0], [20_000, 0]],
    want: [[0, 1], [2, 3]],
  },
];
for (const { title, segments, want } of cases) {
  Deno.test(`planSweep() ${title}`, () => {
    const made = segments.map(([bytes, dead], i) => {
      const segment = new Segment({
        first: i as Revision,
        last: i as Revision,
        records: 10,
        size: bytes,
        blobBytes: 0,
        time: undefined,
      });
      segment.deadBytes = dead;
      return segment;
    });
    const runs = planSweep(made).map((run) => run.map((segment) => made.indexOf(segment)));
    assert.deepEqual(runs, want);
  });
}
