import assert from "node:assert/strict";
import {
  type Change,
  type ChangeSink,
  type Revision,
  type Storage,
  StorageError,
  type StorageErrorCode,
  type Stored,
  type Write,
} from "./storage.ts";

/** One fresh, empty store under test. */
export interface StorageUnderTest {
  readonly storage: Storage;
  /** Keeps writes from becoming durable until the returned function is called. Absent: they are durable at once. */
  hold?(): () => void;
}

export interface ContractOptions {
  /** The store passes on `Change.previous` and `Change.note`. Default true; the watch cache has no use for them. */
  readonly changeDetails?: boolean;
  /** The store may still answer for revisions that were compacted. Default false. */
  readonly remembersCompacted?: boolean;
}

/** Registers the tests that every `Storage` passes. `make` is called once per test; the suite closes the store. */
export function storageContract(
  name: string,
  make: () => Promise<StorageUnderTest>,
  options: ContractOptions = {},
): void {
  const { changeDetails: details = true, remembersCompacted: remembers = false } = options;
  for (const group of [writes, lists, watches, endings]) {
    for (const [title, test] of Object.entries(group)) {
      Deno.test(`${name} ${title}`, async () => {
        const subject = await make();
        try {
          await test({ ...subject, details, remembers });
        } finally {
          await subject.storage.close();
        }
      });
    }
  }
}

interface Subject extends StorageUnderTest {
  readonly details: boolean;
  readonly remembers: boolean;
}
type Group = Readonly<Record<string, (subject: Subject) => Promise<void>>>;

const writes: Group = {
  "starts at a revision above 0, with nothing in it": async ({ storage }) => {
    assert.ok(storage.revision() >= 1);
    assert.ok(storage.compacted() <= storage.revision());
    assert.deepEqual((await storage.list("")).items, []);
  },

  "put() gives each change the next revision, tells encode and shows it to readers": async (
    { storage },
  ) => {
    const before = storage.revision();
    const a = await put(storage, "/a/1", "one");
    const b = await storage.write({
      type: "put",
      key: "/a/2",
      encode: (revision) => bytes(`at ${revision}`),
    });
    assert.ok(before < a.revision && a.revision < b.revision);
    assert.equal(text(b), `at ${b.revision}`);
    assert.equal(storage.revision(), b.revision);
    assert.deepEqual(storage.get("/a/1"), a);
    assert.deepEqual(storage.latest("/a/2"), b);
  },

  "write() refuses what its precondition excludes and calls no encode": async ({ storage }) => {
    const old = await put(storage, "/a/1", "one");
    const now = await put(storage, "/a/1", "two");
    const cases: [Omit<Write, "encode">, StorageErrorCode, Stored | undefined][] = [
      [{ type: "put", key: "/a/1", expected: 0 }, "KeyExists", now],
      [{ type: "put", key: "/a/1", expected: old.revision }, "Conflict", now],
      [{ type: "put", key: "/a/2", expected: now.revision }, "KeyNotFound", undefined],
      [{ type: "delete", key: "/a/1", expected: old.revision }, "Conflict", now],
      [{ type: "delete", key: "/a/2" }, "KeyNotFound", undefined],
      [{ type: "delete", key: "/a/2", expected: now.revision }, "KeyNotFound", undefined],
    ];
    for (const [write, code, current] of cases) {
      const encode = () => assert.fail("encode() was called");
      const error = await refused(storage.write({ ...write, encode }), code);
      assert.equal(error.key, write.key);
      assert.deepEqual(error.current, current);
    }
    assert.equal(storage.revision(), now.revision);
  },

  "write() accepts what its precondition allows": async ({ storage }) => {
    const created = await put(storage, "/a/1", "one", { expected: 0 });
    const updated = await put(storage, "/a/1", "two", { expected: created.revision });
    const gone = await remove(storage, "/a/1", { expected: updated.revision });
    assert.ok(gone.revision > updated.revision);
    assert.equal(storage.get("/a/1"), undefined);
    assert.equal(storage.latest("/a/1"), undefined);
    const again = await put(storage, "/a/1", "three", { expected: 0 });
    assert.ok(again.revision > gone.revision);
  },

  "write() passes on what encode throws and changes nothing": async ({ storage }) => {
    const encode = () => {
      throw new RangeError("no bytes");
    };
    await assert.rejects(storage.write({ type: "put", key: "/a/1", encode }), RangeError);
    assert.equal(storage.latest("/a/1"), undefined);
    assert.equal(text(await put(storage, "/a/1", "one", { expected: 0 })), "one");
  },

  "write() lets one of many rivals win and keeps revisions distinct": async ({ storage }) => {
    const base = await put(storage, "/a/1", "base");
    const rivals = Array.from(
      { length: 20 },
      (_, i) => put(storage, "/a/1", `rival ${i}`, { expected: base.revision }),
    );
    const others = Array.from({ length: 50 }, (_, i) => put(storage, `/b/${i}`, `${i}`));
    const won = (await Promise.allSettled(rivals)).filter((one) => one.status === "fulfilled");
    assert.equal(won.length, 1);
    const revisions = (await Promise.all(others)).map((one) => one.revision);
    assert.equal(new Set(revisions).size, 50);
  },

  "write() takes values of every size": async ({ storage }) => {
    const sizes = [0, 1, 60_000, 65_536, 65_537, 1_600_000];
    await Promise.all(sizes.map((size) => put(storage, `/a/${size}`, "x".repeat(size))));
    for (const size of sizes) {
      assert.equal(storage.get(`/a/${size}`)?.value.length, size);
    }
  },

  "latest() is ahead of get() until the write is durable": async ({ storage, hold }) => {
    if (!hold) return;
    const old = await put(storage, "/a/1", "old");
    const release = hold();
    const first = put(storage, "/a/1", "new", { expected: old.revision });
    const pending = storage.latest("/a/1")!;
    assert.equal(text(pending), "new");
    const second = put(storage, "/a/1", "newer", { expected: pending.revision });
    let isRefused = false;
    const late = refused(put(storage, "/a/1", "late", { expected: old.revision }), "Conflict")
      .finally(() => isRefused = true);
    const deleted = remove(storage, "/a/1");
    assert.equal(storage.latest("/a/1"), undefined);
    assert.deepEqual(storage.get("/a/1"), old);
    assert.equal(storage.revision(), old.revision);
    assert.deepEqual((await storage.list("/a/")).items, [old]);
    assert.equal(isRefused, false, "refused for something that nobody can read yet");
    release();
    await Promise.all([first, second, deleted, late]);
    assert.equal(storage.get("/a/1"), undefined);
    assert.equal(storage.revision(), (await deleted).revision);
  },

  "settled() says when what latest() answers can be read": async ({ storage, hold }) => {
    await put(storage, "/a/1", "old");
    assert.equal(await storage.settled("/a/1"), true);
    assert.equal(await storage.settled("/a/none"), true);
    if (!hold) return;
    const release = hold();
    const pending = put(storage, "/a/1", "new");
    const readable = storage.settled("/a/1").then(() => text(storage.get("/a/1")!));
    release();
    assert.equal(await readable, "new");
    await pending;
  },

  "a lazy write is acknowledged, readable and watched without waiting for the disk": async (
    { storage, hold },
  ) => {
    // The first one may have to wait for revisions to be set aside.
    await put(storage, "/lease/0", "held", { lazy: true });
    const seen = new Recorder();
    await storage.watch("/", storage.revision(), seen);
    const release = hold?.();
    const lazy = await put(storage, "/lease/1", "held", { lazy: true });
    assert.deepEqual(storage.get("/lease/1"), lazy);
    assert.equal(storage.revision(), lazy.revision);
    assert.deepEqual(seen.lines(), [`put /lease/1 ${lazy.revision} held`]);
    release?.();
    const next = await put(storage, "/a/1", "one");
    assert.ok(next.revision > lazy.revision);
  },

  "a lazy write is not shown before the writes that precede it": async ({ storage, hold }) => {
    if (!hold) return;
    const release = hold();
    const before = put(storage, "/a/1", "one");
    const lazy = put(storage, "/lease/1", "held", { lazy: true });
    assert.equal(storage.get("/lease/1"), undefined);
    assert.equal(text(storage.latest("/lease/1")!), "held");
    release();
    assert.ok((await before).revision < (await lazy).revision);
    assert.equal(storage.revision(), (await lazy).revision);
  },
};

const lists: Group = {
  "list() gives the keys under a prefix in order, at the current revision": async ({ storage }) => {
    const keys = ["/a/b", "/a/a", "/ab", "/b/a", "/a/é", "/a/B", "/a/a/c"];
    for (const key of keys) await put(storage, key, key);
    const listing = await storage.list("/a/");
    assert.equal(listing.revision, storage.revision());
    assert.deepEqual(listing.items.map((item) => item.key), [
      "/a/B",
      "/a/a",
      "/a/a/c",
      "/a/b",
      "/a/é",
    ]);
    assert.deepEqual(listing.items.map(text), listing.items.map((item) => item.key));
  },

  "list() pages with limit and after": async ({ storage }) => {
    for (let i = 0; i < 10; i++) await put(storage, `/a/${i}`, `${i}`);
    await put(storage, "/b/0", "other");
    const pages: string[][] = [];
    for (let after = ""; pages.length < 5;) {
      const { items } = await storage.list("/a/", { limit: 4, after });
      if (items.length === 0) break;
      pages.push(items.map(text));
      after = items.at(-1)!.key;
    }
    assert.deepEqual(pages, [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9"]]);
    assert.deepEqual((await storage.list("/a/", { after: "/a/9" })).items, []);
  },

  "list() shows any revision since the last compaction as it was": async ({ storage }) => {
    const states = new Map<Revision, string[]>();
    const model = new Map<string, string>();
    const remember = () =>
      states.set(storage.revision(), [...model].sort().map(([key, value]) => `${key}=${value}`));
    await put(storage, "/z", "outside");
    remember();
    for (let i = 0; i < 40; i++) {
      const key = `/a/${(i * 7) % 11}`;
      if (i % 5 === 4 && model.delete(key)) await remove(storage, key);
      else {
        model.set(key, `v${i}`);
        await put(storage, key, `v${i}`);
      }
      remember();
    }
    for (const [revision, state] of states) {
      const whole = await storage.list("/a/", { revision });
      assert.equal(whole.revision, revision);
      assert.deepEqual(whole.items.map((item) => `${item.key}=${text(item)}`), state);
      const page = await storage.list("/a/", { revision, after: "/a/1", limit: 3 });
      const expected = state.filter((line) => line.split("=")[0]! > "/a/1").slice(0, 3);
      assert.deepEqual(page.items.map((item) => `${item.key}=${text(item)}`), expected);
    }
  },

  "list() refuses revisions that are compacted or not yet written": async (
    { storage, remembers },
  ) => {
    const first = await put(storage, "/a/1", "one");
    const second = await put(storage, "/a/1", "two");
    await storage.compact(second.revision);
    assert.equal(storage.compacted(), second.revision);
    if (!remembers) {
      await refused(storage.list("/a/", { revision: first.revision }), "Compacted");
    }
    await refused(storage.list("/a/", { revision: second.revision + 1 as Revision }), "Future");
    const { items } = await storage.list("/a/", { revision: second.revision });
    assert.deepEqual(items.map(text), ["two"]);
  },
};

const watches: Group = {
  "watch() replays what was missed, then goes on live, each change once": async ({ storage }) => {
    const start = storage.revision();
    const expected: string[] = [];
    const log = (type: string, stored: Stored) =>
      expected.push(`${type} ${stored.key} ${stored.revision} ${text(stored)}`);
    log("put", await put(storage, "/a/1", "one"));
    await put(storage, "/b/1", "elsewhere");
    log("put", await put(storage, "/a/1", "two"));
    log("delete", await remove(storage, "/a/1", { last: "two, gone" }));
    const seen = new Recorder();
    await storage.watch("/a/", start, seen);
    log("put", await put(storage, "/a/2", "three"));
    await put(storage, "/b/1", "elsewhere");
    log("delete", await remove(storage, "/a/2", { last: "three, gone" }));
    assert.deepEqual(seen.lines(), expected);
  },

  "watch() starts anywhere amid concurrent writes without gap or double": async ({ storage }) => {
    const starts: { after: Revision; seen: Recorder; ready: Promise<unknown> }[] = [];
    const rounds: Promise<Stored>[] = [];
    for (let i = 0; i < 60; i++) {
      rounds.push(put(storage, `/a/${i % 7}`, `${i}`));
      if (i % 10 === 0) await rounds.at(-1);
      if (i % 4 !== 0) continue;
      const seen = new Recorder();
      const after = storage.revision();
      starts.push({ after, seen, ready: storage.watch("/a/", after, seen) });
    }
    const all = (await Promise.all(rounds)).map((stored) => stored.revision);
    for (const { after, seen, ready } of starts) {
      await ready;
      assert.deepEqual(
        seen.all.map((change) => change.revision),
        all.filter((revision) => revision > after),
      );
    }
  },

  "watch() tells what a key held before": async ({ storage, details }) => {
    if (!details) return;
    const start = storage.revision();
    const live = new Recorder();
    await storage.watch("/a/", start, live);
    const one = await put(storage, "/a/1", "one");
    const two = await put(storage, "/a/1", "two");
    await remove(storage, "/a/1");
    await put(storage, "/a/1", "three");
    const replayed = new Recorder();
    await storage.watch("/a/", start, replayed);
    for (const { all } of [live, replayed]) {
      assert.deepEqual(all.map((change) => change.previous), [undefined, one, two, undefined]);
    }
    const late = new Recorder();
    await storage.watch("/a/", one.revision, late);
    assert.deepEqual(late.all.map((change) => change.previous), [one, two, undefined]);
  },

  "watch() passes the writer's note to live watchers only": async ({ storage, details }) => {
    if (!details) return;
    const start = storage.revision();
    const live = new Recorder();
    await storage.watch("/a/", start, live);
    const note = { decoded: true };
    await put(storage, "/a/1", "one", { note });
    assert.equal(live.all[0]?.note, note);
  },

  "watch() ends at once, also from within the sink": async ({ storage }) => {
    const seen = new Recorder();
    const end = await storage.watch("/a/", storage.revision(), seen);
    seen.onChange = end;
    await put(storage, "/a/1", "one");
    await put(storage, "/a/2", "two");
    assert.equal(seen.all.length, 1);
  },

  "watch() shows a sink's own write after the change that caused it": async ({ storage }) => {
    const first = new Recorder();
    const second = new Recorder();
    let reaction: Promise<Stored> | undefined;
    first.onChange = () => reaction ??= put(storage, "/a/2", "reaction");
    await storage.watch("/a/", storage.revision(), first);
    await storage.watch("/a/", storage.revision(), second);
    await put(storage, "/a/1", "one");
    await reaction;
    assert.deepEqual(second.all.map((change) => change.key), ["/a/1", "/a/2"]);
  },

  "watch() shows what a sink wrote upon a lazy change once, live and replayed": async (
    { storage },
  ) => {
    await put(storage, "/lease/1", "one", { lazy: true });
    const start = storage.revision();
    const live = new Recorder();
    let reaction: Promise<Stored> | undefined;
    live.onChange = () => reaction ??= put(storage, "/a/1", "reaction");
    await storage.watch("/", start, live);
    await put(storage, "/lease/1", "two", { lazy: true });
    await reaction;
    const replayed = new Recorder();
    await storage.watch("/", start, replayed);
    assert.deepEqual(live.lines().map((line) => line.split(" ")[1]), ["/lease/1", "/a/1"]);
    assert.deepEqual(replayed.lines(), live.lines());
  },

  "watch() refuses revisions that are compacted or not yet written": async (
    { storage, remembers },
  ) => {
    const first = await put(storage, "/a/1", "one");
    const second = await put(storage, "/a/1", "two");
    await put(storage, "/a/1", "three");
    await storage.compact(second.revision);
    if (!remembers) {
      await refused(storage.watch("/a/", first.revision, new Recorder()), "Compacted");
    }
    const future = storage.revision() + 1 as Revision;
    await refused(storage.watch("/a/", future, new Recorder()), "Future");
    const seen = new Recorder();
    await storage.watch("/a/", second.revision, seen);
    assert.deepEqual(seen.all.map(text), ["three"]);
  },
};

const endings: Group = {
  "compact() keeps the current state and what follows": async ({ storage }) => {
    for (let i = 0; i < 300; i++) {
      await put(storage, `/a/${i % 50}`, `${i} ${"x".repeat(2000)}`);
      if (i % 50 === 13) await remove(storage, "/a/13");
    }
    const revision = storage.revision();
    await storage.compact(revision);
    const { items } = await storage.list("/a/", { revision });
    assert.equal(items.length, 49);
    assert.equal(text(items[0]!).split(" ")[0], "250");
    const seen = new Recorder();
    await storage.watch("/a/", revision, seen);
    await put(storage, "/a/13", "back");
    assert.deepEqual(seen.all.map(text), ["back"]);
    await storage.compact(revision);
    await refused(storage.compact(storage.revision() + 1 as Revision), "Future");
  },

  "close() finishes the writes under way, ends watches and refuses the rest": async (
    { storage },
  ) => {
    const seen = new Recorder();
    await storage.watch("/a/", storage.revision(), seen);
    const under = put(storage, "/a/1", "one");
    await storage.close();
    await under;
    assert.equal(seen.all.length, 1);
    assert.equal(seen.end?.code, "Closed");
    await refused(put(storage, "/a/2", "two"), "Closed");
    await refused(storage.list("/a/"), "Closed");
    await refused(storage.watch("/a/", storage.revision(), seen), "Closed");
    await storage.close();
  },
};

/** A sink that remembers. */
export class Recorder implements ChangeSink {
  readonly all: Change[] = [];
  end: StorageError | undefined;
  onChange: ((change: Change) => void) | undefined;

  changes(batch: readonly Change[]): void {
    assert.ok(batch.length > 0);
    for (const change of batch) {
      this.all.push(change);
      this.onChange?.(change);
    }
  }

  closed(error: StorageError): void {
    this.end = error;
  }

  lines(): string[] {
    return this.all.map((one) => `${one.type} ${one.key} ${one.revision} ${text(one)}`);
  }
}

/** Puts `value` under `key`. */
export function put(
  storage: Storage,
  key: string,
  value: string,
  options: Partial<Write> = {},
): Promise<Stored> {
  return storage.write({ type: "put", key, encode: () => bytes(value), ...options });
}

/** Deletes `key`; watchers are given `last`, or the bytes "gone". */
export function remove(
  storage: Storage,
  key: string,
  options: Partial<Write> & { readonly last?: string } = {},
): Promise<Stored> {
  const { last = "gone", ...rest } = options;
  return storage.write({ type: "delete", key, encode: () => bytes(last), ...rest });
}

/** Waits for the refusal and checks its code. */
export async function refused(
  promise: Promise<unknown>,
  code: StorageErrorCode,
): Promise<StorageError> {
  const error = await promise.then(() => assert.fail(`not refused with ${code}`), (error) => error);
  assert.ok(error instanceof StorageError, `${error}`);
  assert.equal(error.code, code);
  return error;
}

/** The UTF-8 bytes of a text. */
export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A stored value as text. */
export function text(stored: { readonly value: Uint8Array }): string {
  return new TextDecoder().decode(stored.value);
}
