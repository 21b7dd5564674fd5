import assert from "node:assert/strict";
import { FakeClock, settle } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { bytes, put, Recorder, refused, remove, text } from "../contract_suite.ts";
import type { Revision, Storage } from "../storage.ts";
import type { Medium } from "./layout.ts";
import { openKvMedium } from "./open.ts";
import type { KvStorage, KvStorageOptions } from "./storage.ts";
import { dump, TestMedium } from "./test_medium.ts";

/** A medium that outlives the stores opened on it, and a way to open one after another as after a crash. */
async function lasting() {
  const kv = await Deno.openKv(":memory:");
  const medium = new TestMedium(kv);
  const clock = new FakeClock();
  return {
    medium,
    clock,
    /** A store on what is on the medium at this moment; earlier ones are as good as killed. */
    async open(options: Partial<KvStorageOptions> = {}): Promise<KvStorage> {
      const handle: Medium = {
        atomic: () => medium.atomic(),
        get: medium.get,
        list: medium.list,
        close() {},
      };
      const random = seededRandom(7);
      const rest = { clock, log: silentLog, random, release() {}, ...options };
      return await openKvMedium(handle, { place: "memory", ...rest });
    },
    [Symbol.dispose]: () => kv.close(),
  };
}

async function contents(storage: Storage): Promise<string[]> {
  const { items } = await storage.list("");
  return items.map((item) => `${item.key}@${item.revision}=${text(item).slice(0, 20)}`);
}

Deno.test("KvStorage write() puts everything that came during a commit into the next one", async () => {
  using on = await lasting();
  const storage = await on.open();
  const before = on.medium.commits;
  const release = on.medium.hold();
  const writes = Array.from({ length: 1000 }, (_, i) => put(storage, `/a/${i}`, "x".repeat(300)));
  await settle();
  writes.push(...Array.from({ length: 1000 }, (_, i) => put(storage, `/b/${i}`, "x".repeat(300))));
  release();
  await Promise.all(writes);
  assert.equal(on.medium.commits - before, 2);
});

Deno.test("KvStorage write() splits what one commit cannot take", async () => {
  using on = await lasting();
  const storage = await on.open();
  const sizes = Array.from({ length: 120 }, (_, i) => 40_000 + i * 300);
  await Promise.all(sizes.map((size, i) => put(storage, `/a/${i}`, "x".repeat(size))));
  const again = await on.open();
  sizes.forEach((size, i) => assert.equal(again.get(`/a/${i}`)?.value.length, size));
});

Deno.test("KvStorage after a restart has the same state, history and identity", async () => {
  using on = await lasting();
  const first = await on.open();
  const start = first.revision();
  const live = new Recorder();
  await first.watch("/", start, live);
  for (let i = 0; i < 200; i++) {
    await put(first, `/a/${i % 9}`, `${i} ${i % 20 === 0 ? "x".repeat(70_000) : ""}`);
    if (i % 6 === 5) await remove(first, `/a/${i % 9}`);
  }
  const then = (await first.list("/", { revision: 100 as Revision })).items;
  const second = await on.open();
  assert.equal(second.id, first.id);
  assert.equal(second.revision(), first.revision());
  assert.deepEqual(await contents(second), await contents(first));
  assert.deepEqual((await second.list("/", { revision: 100 as Revision })).items, then);
  const replayed = new Recorder();
  await second.watch("/", start, replayed);
  assert.deepEqual(replayed.all, live.all);
});

Deno.test("KvStorage loses at most lazy writes in a crash, and never a revision", async () => {
  using on = await lasting();
  const first = await on.open();
  const kept = await put(first, "/a/1", "kept");
  await put(first, "/lease/1", "on disk: it reserved the revisions", { lazy: true });
  const lost = await put(first, "/lease/1", "lost", { lazy: true });
  const second = await on.open();
  assert.equal(text(second.get("/a/1")!), text(kept));
  assert.equal(text(second.get("/lease/1")!), "on disk: it reserved the revisions");
  assert.ok(second.revision() >= lost.revision);
  await second.watch("/", lost.revision, new Recorder());
  assert.ok((await put(second, "/a/2", "new")).revision > lost.revision);
});

Deno.test("KvStorage flushes lazy writes within seconds, with the next write, and on close", async () => {
  using on = await lasting();
  const storage = await on.open({ lazyFlushMs: 10_000 });
  await put(storage, "/lease/0", "reserves", { lazy: true });
  const before = on.medium.commits;
  for (let i = 0; i < 50; i++) await put(storage, `/lease/${i % 5}`, `${i}`, { lazy: true });
  await on.clock.advance(9_999);
  assert.equal(on.medium.commits, before);
  await on.clock.advance(1);
  assert.equal(on.medium.commits, before + 1);
  assert.equal(text((await on.open()).get("/lease/4")!), "49");

  await put(storage, "/lease/4", "50", { lazy: true });
  await put(storage, "/a/1", "durable");
  assert.equal(on.medium.commits, before + 2);
  const seen = new Recorder();
  const reopened = await on.open();
  await reopened.watch("/", storage.compacted(), seen);
  assert.deepEqual(seen.all.slice(-2).map(text), ["50", "durable"]);

  const last = await put(storage, "/lease/4", "51", { lazy: true });
  await storage.close();
  const clean = await on.open();
  assert.equal(text(clean.get("/lease/4")!), "51");
  assert.equal(clean.revision(), last.revision);
});

Deno.test("KvStorage watch() and list() know lazy changes that are not on disk", async () => {
  using on = await lasting();
  const storage = await on.open();
  const one = await put(storage, "/lease/1", "one", { lazy: true });
  const two = await put(storage, "/lease/1", "two", { lazy: true });
  const seen = new Recorder();
  await storage.watch("/", one.revision, seen);
  assert.deepEqual(seen.all.map((change) => change.previous), [one]);
  assert.deepEqual((await storage.list("/", { revision: one.revision })).items, [one]);
  await storage.compact(two.revision);
  assert.equal(text((await on.open()).get("/lease/1")!), "two");
});

for (const failAfterwards of [false, true]) {
  const how = failAfterwards ? "though it was carried out" : "before anything was done";
  Deno.test(`KvStorage refuses writes when a commit fails ${how}, and recovers`, async () => {
    using on = await lasting();
    const storage = await on.open();
    const one = await put(storage, "/a/1", "one");
    const lazy = await put(storage, "/lease/1", "held", { lazy: true });
    const before = await dump(on.medium);
    on.medium.failure = new TypeError("database or disk is full");
    on.medium.failAfterwards = failAfterwards;
    const big = "x".repeat(200_000);
    const failed = Promise.all([
      refused(put(storage, "/a/1", "two", { expected: one.revision }), "Unavailable"),
      refused(put(storage, "/a/2", big, { expected: 0 }), "Unavailable"),
      refused(remove(storage, "/a/1"), "Unavailable"),
    ]);
    const deleted = storage.settled("/a/1");
    await settle();
    assert.equal(await deleted, false);
    const later = await refused(put(storage, "/a/3", "three"), "Unavailable");
    for (const error of [...await failed, later]) assert.match(String(error.cause), /disk is full/);
    assert.deepEqual(storage.latest("/a/1"), one);
    assert.equal(storage.latest("/a/3"), undefined);
    assert.deepEqual((await storage.list("/a/")).items, [one]);
    assert.equal(storage.revision(), lazy.revision);
    if (!failAfterwards) assert.deepEqual(await dump(on.medium), before);

    on.medium.failure = undefined;
    const next = await put(storage, "/a/1", "two", { expected: one.revision });
    assert.ok(next.revision > lazy.revision + 3, "revisions of refused writes are not used again");
    for (const after of [storage, await on.open()]) {
      assert.deepEqual((await after.list("/")).items.map(text), ["two", "held"]);
      const seen = new Recorder();
      await after.watch("/a/", one.revision, seen);
      assert.deepEqual(seen.all.map((change) => change.revision), [next.revision]);
    }
    const blobs = [...(await dump(on.medium)).keys()].filter((key) => key.startsWith("blob"));
    assert.deepEqual(blobs, []);
  });
}

Deno.test("KvStorage keeps lazy writes through failures and writes them later", async () => {
  using on = await lasting();
  const storage = await on.open({ lazyFlushMs: 1000 });
  await put(storage, "/lease/1", "one", { lazy: true });
  await put(storage, "/lease/1", "two", { lazy: true });
  on.medium.failure = new TypeError("database or disk is full");
  await on.clock.advance(1000);
  assert.equal(text(storage.get("/lease/1")!), "two");
  on.medium.failure = undefined;
  await on.clock.advance(1000);
  assert.equal(text((await on.open()).get("/lease/1")!), "two");
});

Deno.test("KvStorage shows no lazy write past a failed one that a crash may bring back", async () => {
  using on = await lasting();
  const storage = await on.open();
  await put(storage, "/lease/1", "one", { lazy: true });
  // A full disk is known to have done nothing, so leases go on.
  on.medium.failure = new TypeError("database or disk is full");
  await refused(put(storage, "/a/1", "one"), "Unavailable");
  const two = await put(storage, "/lease/1", "two", { lazy: true });
  on.medium.failure = new TypeError("disk I/O error");
  on.medium.failAfterwards = true;
  await refused(put(storage, "/a/1", "two"), "Unavailable");
  await refused(put(storage, "/lease/1", "three", { lazy: true }), "Unavailable");
  assert.deepEqual(storage.get("/lease/1"), two);
  on.medium.failure = undefined;
  const four = await put(storage, "/lease/1", "four", { lazy: true });
  const again = await on.open();
  assert.equal(again.get("/a/1"), undefined);
  assert.deepEqual(again.get("/lease/1"), four);
});

Deno.test("KvStorage judges a write again if what it was refused for fails", async () => {
  using on = await lasting();
  const storage = await on.open();
  const one = await put(storage, "/a/1", "one");
  on.medium.failure = new TypeError("database or disk is full");
  const release = on.medium.hold();
  const failing = refused(put(storage, "/a/1", "two", { expected: one.revision }), "Unavailable");
  const rival = put(storage, "/a/1", "rival", { expected: one.revision });
  await settle();
  release();
  await failing;
  on.medium.failure = undefined;
  assert.equal(text(await rival), "rival");
});

Deno.test("KvStorage sweeps pieces of large values that a crash left behind", async () => {
  using on = await lasting();
  const storage = await on.open();
  await put(storage, "/a/1", "x".repeat(200_000));
  await on.medium.atomic().set(["blob", 77, 0], bytes("left")).set(["blob", 77, 1], bytes("over"))
    .commit();
  const again = await on.open();
  assert.equal(again.get("/a/1")?.value.length, 200_000);
  const blobs = [...(await dump(on.medium)).keys()].filter((key) => key.startsWith("blob"));
  assert.equal(blobs.length, 4);
  assert.ok(!blobs.some((key) => key.startsWith("blob 77")));
});

Deno.test("KvStorage compacts what is older than its age limit, in the background", async () => {
  using on = await lasting();
  const storage = await on.open({ retention: { ageMs: 60_000 } });
  await put(storage, "/a/1", "one");
  const old = await put(storage, "/a/1", "two");
  await on.clock.advance(60_000);
  const young = await put(storage, "/a/1", "three");
  assert.ok(storage.compacted() < old.revision);
  await on.clock.advance(60_000);
  assert.equal(storage.compacted(), old.revision);
  await on.clock.advance(60_000);
  assert.equal(storage.compacted(), young.revision);
  const { commits } = on.medium;
  await on.clock.advance(600_000);
  assert.equal(on.medium.commits, commits, "an idle store is not written to");
});

Deno.test("KvStorage keeps its history within the limits of changes and bytes", async () => {
  using on = await lasting();
  const storage = await on.open({ retention: { changes: 500, bytes: 200_000 } });
  for (let i = 0; i < 3000; i++) {
    await put(storage, `/a/${i % 10}`, "x".repeat(i < 1500 ? 10 : 1000));
  }
  for (let i = 0; i < 3; i++) await storage.compact(storage.compacted());
  const stored = [...await dump(on.medium)].filter(([key]) => key.startsWith("log"));
  const size = stored.reduce((sum, [, value]) => sum + (value as Uint8Array).length, 0);
  assert.ok(size < 400_000, `${size} bytes are kept`);
  assert.ok(storage.revision() - storage.compacted() < 500);
});

Deno.test("KvStorage counts large values among the bytes of its history", async () => {
  using on = await lasting();
  const kept = { retention: { bytes: 2_000_000 } };
  const storage = await on.open(kept);
  for (let i = 0; i < 50; i++) await put(storage, "/a/1", "x".repeat(200_000));
  for (let i = 0; i < 3; i++) await storage.compact(storage.compacted());
  const pieces = [...await dump(on.medium)].filter(([key]) => key.startsWith("blob"));
  const size = pieces.reduce((sum, [, value]) => sum + (value as Uint8Array).length, 0);
  assert.ok(size < 2_500_000, `${size} bytes are kept`);
  assert.ok(storage.revision() - storage.compacted() >= 5);
  // What was counted when it was written is counted when it is read.
  const again = await on.open(kept);
  await put(again, "/a/1", "x".repeat(1_000_000));
  await put(again, "/a/1", "x".repeat(1_000_000));
  for (let i = 0; i < 3; i++) await again.compact(again.compacted());
  assert.ok(again.revision() - again.compacted() <= 2);
});

Deno.test("KvStorage refuses keys that a segment has no room for", async () => {
  using on = await lasting();
  const storage = await on.open();
  await assert.rejects(put(storage, "/" + "k".repeat(3000), "value"), RangeError);
  assert.equal(storage.revision(), 1);
});
