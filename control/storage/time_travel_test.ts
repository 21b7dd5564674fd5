import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { type Random, seededRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";
import { put, Recorder, remove, text } from "./contract_suite.ts";
import { openKvMedium } from "./kv/open.ts";
import { MemoryStorage } from "./memory/storage.ts";
import type { Change, Revision, Stored, TimedStorage } from "./storage.ts";

/** More histories for a long run: HISTORIES=500. */
const histories = Number(Deno.env.get("HISTORIES") ?? 15);

/** A random history of a store, and what was seen of it while it was made. */
interface Past {
  readonly storage: TimedStorage;
  readonly clock: FakeClock;
  /** Every change there ever was, by revision. */
  readonly changes: readonly Change[];
  /** Revision and time at moments between two writes, the oldest first. */
  readonly moments: readonly { readonly revision: Revision; readonly time: number }[];
  /** Revisions of writes that reach the disk later. */
  readonly lazy: ReadonlySet<Revision>;
}

type Open = (clock: FakeClock, random: Random) => Promise<TimedStorage>;

const stores: Readonly<Record<string, Open>> = {
  MemoryStorage: (clock) =>
    Promise.resolve(new MemoryStorage({ historyLength: 400, now: () => clock.now() })),
  KvStorage: async (clock, random) =>
    await openKvMedium(await Deno.openKv(":memory:"), {
      place: "memory",
      clock,
      log: silentLog,
      random,
      release() {},
      retention: { ageMs: 3_600_000, changes: 400 },
    }),
};

async function randomPast(open: Open, seed: number): Promise<Past> {
  const random = seededRandom(seed);
  const clock = new FakeClock();
  const storage = await open(clock, random);
  const seen = new Recorder();
  await storage.watch("", storage.revision(), seen);
  const moments: { revision: Revision; time: number }[] = [];
  const lazy = new Set<Revision>();
  for (let step = 0; step < 300; step++) {
    const many = random.float() < 0.1 ? 20 : 1;
    const writes = Array.from({ length: many }, () => randomWrite(storage, random));
    for (const written of await Promise.all(writes)) if (written?.lazy) lazy.add(written.revision);
    const kept = storage.revision() - storage.compacted();
    if (kept > 200 && random.float() < 0.1) {
      const forgotten = Math.floor(random.float() * kept / 2);
      await storage.compact(storage.compacted() + forgotten as Revision);
    }
    if (random.float() < 0.5) {
      moments.push({ revision: storage.revision(), time: clock.now() });
      clock.tick(1 + Math.floor(random.float() * 10_000));
    }
  }
  return { storage, clock, changes: seen.all, moments, lazy };
}

async function randomWrite(storage: TimedStorage, random: Random) {
  const key = `/${"abc"[Math.floor(random.float() * 3)]}/${Math.floor(random.float() * 12)}`;
  const lazy = key.startsWith("/c/");
  const size = random.float() < 0.02 ? 80_000 : random.float() * 300;
  if (!lazy && random.float() < 0.25) {
    // Another write of the same moment may have been quicker.
    return await remove(storage, key).then(() => undefined, () => undefined);
  }
  const value = `${random.float()} ${"x".repeat(size)}`;
  const { revision } = await put(storage, key, value, lazy ? { lazy: true } : {});
  return { revision, lazy };
}

/** The state that changes up to a revision come to. */
function fold(changes: readonly Change[], revision: Revision): Stored[] {
  const state = new Map<string, Stored>();
  for (const change of changes) {
    if (change.revision > revision) break;
    const { type, key, value } = change;
    if (type === "put") state.set(key, { key, value, revision: change.revision });
    else state.delete(key);
  }
  return [...state.values()].sort((a, b) => a.key < b.key ? -1 : 1);
}

function line(stored: Stored): string {
  return `${stored.key}@${stored.revision}=${text(stored)}`;
}

for (const [name, open] of Object.entries(stores)) {
  Deno.test(`${name} list() at a revision is the sum of the changes up to it`, async () => {
    for (let seed = 1; seed <= histories; seed++) {
      const { storage, changes } = await randomPast(open, seed);
      const [from, to] = [storage.compacted(), storage.revision()];
      assert.ok(to - from > 50, `seed ${seed}: too little is kept to show anything`);
      for (let at = from; at <= to; at = at + 7 as Revision) {
        for (const prefix of ["", "/b/", "/a/1"]) {
          const { items } = await storage.list(prefix, { revision: at });
          const want = fold(changes, at).filter(({ key }) => key.startsWith(prefix));
          assert.deepEqual(
            items.map(line),
            want.map(line),
            `seed ${seed}, revision ${at}, "${prefix}"`,
          );
        }
      }
      await storage.close();
    }
  });

  Deno.test(`${name} revisionAt() is the revision that was the newest at that time`, async () => {
    for (let seed = 1; seed <= histories; seed++) {
      const { storage, clock, moments, lazy } = await randomPast(open, seed);
      let told = 0;
      for (const { revision, time } of moments) {
        const found = storage.revisionAt(time);
        if (found === undefined) {
          assert.equal(told, 0, `seed ${seed}: the time of ${revision} is not known`);
          continue;
        }
        told++;
        // Lazy writes get the time at which they reach the disk.
        const between = (at: number) => lazy.has(at as Revision);
        for (let at = found + 1; at <= revision; at++) {
          assert.ok(between(at), `seed ${seed}: ${at}`);
        }
        for (let at = revision + 1; at <= found; at++) {
          assert.ok(between(at), `seed ${seed}: ${at}`);
        }
      }
      assert.ok(told > 10, `seed ${seed}: only ${told} moments are known`);
      assert.equal(storage.revisionAt(clock.now()), storage.revision());
      assert.equal(storage.revisionAt(0), undefined);
      await storage.close();
    }
  });

  Deno.test(`${name} timeOf() is when a change was made`, async () => {
    const { storage, moments, lazy } = await randomPast(open, 1);
    let told = 0;
    for (const [index, { revision, time }] of moments.entries()) {
      const known = storage.timeOf(revision);
      if (known === undefined || lazy.has(revision)) continue;
      told++;
      assert.ok(known <= time, `revision ${revision}`);
      const before = moments[index - 1];
      if (before && before.revision < revision) assert.ok(known > before.time);
    }
    assert.ok(told > 10);
    assert.equal(storage.timeOf(storage.revision() + 1 as Revision), undefined);
    await storage.close();
  });
}

Deno.test("MemoryStorage without a clock knows no times", async () => {
  const storage = new MemoryStorage();
  const { revision } = await put(storage, "/a/1", "one");
  assert.equal(storage.timeOf(revision), undefined);
  assert.equal(storage.revisionAt(Infinity), undefined);
});
