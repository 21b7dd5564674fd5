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
import { dump, TestMedium } from "./test_medium.ts";

/** Does the same to both stores, so that the reference says what the other must hold. */
async function step(random: Random, stores: readonly Storage[]): Promise<void> {
  const key = `/a/${Math.floor(random.float() * 40)}`;
  const dice = random.float();
  const size = dice > 0.97 ? 90_000 : Math.floor(random.float() * 6000);
  const value = `${dice} ${"x".repeat(size)}`;
  for (const store of stores) {
    if (dice < 0.25 && store.get(key)) await remove(store, key, { last: value });
    else await put(store, key, value);
  }
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
    const open = () => {
      const handle: Medium = {
        atomic: () => medium.atomic(),
        get: medium.get,
        list: medium.list,
        close() {},
      };
      const rest = { clock, log: silentLog, release() {}, place: "memory" };
      return openKvMedium(handle, { ...rest, random: seededRandom(1) });
    };
    const random = seededRandom(seed);
    const reference = new MemoryStorage();
    let store = await open();
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 60; i++) {
        await step(random, [reference, store]);
        if (random.float() < 0.05) await clock.advance(200);
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
      const segment = new Segment(i as Revision, i as Revision, 10, bytes);
      segment.deadBytes = dead;
      return segment;
    });
    const runs = planSweep(made).map((run) => run.map((segment) => made.indexOf(segment)));
    assert.deepEqual(runs, want);
  });
}
