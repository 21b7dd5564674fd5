import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { put, Recorder, remove, text } from "../contract_suite.ts";
import { revisionOf } from "./layout.ts";
import { openKvStorage } from "./open.ts";
import { KvOpenError, type KvOpenErrorCode } from "./open_error.ts";
import { readSegment } from "./segment.ts";

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function open(directory: string) {
  const random = seededRandom(1);
  return openKvStorage(directory, { clock: new FakeClock(), log: silentLog, random });
}

async function refusedToOpen(directory: string, code: KvOpenErrorCode, reason: RegExp) {
  const error = await open(directory).then(() => assert.fail("was opened"), (error) => error);
  assert.ok(error instanceof KvOpenError, `${error}`);
  assert.equal(error.code, code);
  assert.match(error.message, reason);
  assert.ok(error.message.startsWith(`Cannot open the store in ${directory}: `));
  assert.match(error.message, /; [^;]+$/, "says what to do");
}

/** A store with one object in it, and a way to tamper with its file. */
async function stored(directory: string, tamper: (kv: Deno.Kv) => Promise<unknown>) {
  const storage = await open(directory);
  await put(storage, "/a/1", "x".repeat(1000));
  await put(storage, "/a/2", "x".repeat(100_000));
  await storage.close();
  const kv = await Deno.openKv(`${directory}/state.kv`);
  await tamper(kv);
  kv.close();
}

Deno.test("openKvStorage() makes the directory and opens again what was closed", () =>
  inDirectory(async (parent) => {
    const directory = `${parent}/data/store`;
    const first = await open(directory);
    await put(first, "/a/1", "one");
    await first.close();
    const second = await open(directory);
    assert.equal(second.id, first.id);
    assert.equal(text(second.get("/a/1")!), "one");
    await second.close();
    assert.equal((await Deno.stat(`${directory}/state.kv`)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(directory)).mode! & 0o777, 0o700);
  }));

Deno.test("openKvStorage() refuses a store that is open already", () =>
  inDirectory(async (directory) => {
    const storage = await open(directory);
    await refusedToOpen(directory, "Locked", /another process has it open/);
    await put(storage, "/a/1", "undisturbed");
    await storage.close();
    await (await open(directory)).close();
  }));

/** Makes of a closed store what an older program would have left: gaps in the log, plain revisions, no mark. */
async function aged(directory: string, format: number): Promise<void> {
  const kv = await Deno.openKv(`${directory}/state.kv`);
  const head = JSON.parse((await kv.get<string>(["head"])).value!) as { store: string };
  await kv.set(["head"], JSON.stringify({ ...head, format }));
  for (const name of ["compacted", "reserved"]) {
    await kv.set([name], revisionOf((await kv.get([name])).value)!);
  }
  for await (const { key, value } of kv.list<Uint8Array>({ prefix: ["log"] })) {
    const { records } = readSegment(value);
    await kv.delete(key);
    if (records.length === 0) continue;
    // Format 1 had a checksum and flags, format 2 a time behind that.
    const header = value.slice(0, format === 1 ? 5 : 11);
    const old = new Uint8Array([...header, ...value.subarray(19)]);
    assert.equal(value[4], 6, "a plain segment with time and cover");
    old[4] = format === 1 ? 0 : 2;
    new DataView(old.buffer).setUint32(0, crc32(old.subarray(4)));
    await kv.set(["log", records[0]!.revision], old);
  }
  kv.close();
  await Deno.remove(`${directory}/state.mark`);
}

for (const format of [1, 2]) {
  Deno.test(`openKvStorage() makes a file of format ${format} one of its own, which an older program refuses`, () =>
    inDirectory(async (directory) => {
      const first = await open(directory);
      for (let i = 0; i < 9; i++) {
        await Promise.all(["a", "b", "c"].map((key) => put(first, key, `${i} ${randomText()}`)));
        if (i % 3 === 0) await first.compact(first.revision());
      }
      const before = [first.id, (await first.list("")).items, first.revision(), first.compacted()];
      await first.close();
      await aged(directory, format);
      for (let i = 0; i < 2; i++) {
        const storage = await open(directory);
        const { items } = await storage.list("");
        assert.deepEqual([storage.id, items, storage.revision(), storage.compacted()], before);
        await storage.compact(storage.compacted());
        await storage.close();
      }
      const kv = await Deno.openKv(`${directory}/state.kv`);
      assert.match((await kv.get<string>(["head"])).value!, /"format":3\b/);
      kv.close();
      await Deno.remove(`${directory}/state.mark`);
      await refusedToOpen(directory, "Corrupt", /state\.mark, .*, is missing/);
    }));
}

/** Not worth compressing. */
function randomText(length = 200): string {
  return crypto.getRandomValues(new Uint8Array(length / 2)).toHex();
}

const refusals: {
  title: string;
  tamper(kv: Deno.Kv): Promise<unknown>;
  code: KvOpenErrorCode;
  reason: RegExp;
}[] = [
  {
    title: "of a newer format",
    tamper: (kv) => kv.set(["head"], JSON.stringify({ format: 4, store: "s" })),
    code: "Format",
    reason: /it is in format 4, and this program reads formats up to 3 only/,
  },
  {
    title: "that another program wrote",
    tamper: (kv) => kv.delete(["head"]),
    code: "Format",
    reason: /did not write/,
  },
  {
    title: "whose head is damaged",
    tamper: (kv) => kv.set(["head"], "{"),
    code: "Corrupt",
    reason: /the file is damaged/,
  },
  {
    title: "with a damaged segment",
    tamper: async (kv) => {
      const [segment] = await Array.fromAsync(kv.list<Uint8Array>({ prefix: ["log"] }));
      segment!.value[20]! ^= 1;
      await kv.set(segment!.key, segment!.value);
    },
    code: "Corrupt",
    reason: /checksum/,
  },
  {
    title: "with a large value that lacks a piece",
    tamper: async (kv) => {
      const [piece] = await Array.fromAsync(kv.list({ prefix: ["blob"] }));
      await kv.delete(piece!.key);
    },
    code: "Corrupt",
    reason: /large value/,
  },
];
for (const { title, tamper, code, reason } of refusals) {
  Deno.test(`openKvStorage() refuses a store ${title} and leaves it alone`, () =>
    inDirectory(async (directory) => {
      await stored(directory, tamper);
      const before = await Deno.readFile(`${directory}/state.kv`);
      await refusedToOpen(directory, code, reason);
      assert.deepEqual(await Deno.readFile(`${directory}/state.kv`), before);
    }));
}

Deno.test("openKvStorage() refuses a file that is no database", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/state.kv`, "something else entirely".repeat(100));
    await refusedToOpen(directory, "Corrupt", /the file is damaged/);
  }));

Deno.test("openKvStorage() refuses another program's database and leaves it alone", () =>
  inDirectory(async (directory) => {
    const database = new DatabaseSync(`${directory}/state.kv`);
    database.exec("CREATE TABLE bookmarks (url TEXT)");
    database.close();
    const before = await Deno.readFile(`${directory}/state.kv`);
    await refusedToOpen(directory, "Format", /is a database of another program/);
    assert.deepEqual(await Deno.readFile(`${directory}/state.kv`), before);
  }));

Deno.test("openKvStorage() makes a store where making one was interrupted", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/state.kv`, "");
    await Deno.writeTextFile(`${directory}/state.mark`, "");
    await (await open(directory)).close();
    await Deno.remove(`${directory}/state.mark`);
    const storage = await open(directory);
    await put(storage, "/a/1", "one");
    await storage.close();
  }));

Deno.test("openKvStorage() goes on with an older state if told to, above all revisions handed out", () =>
  inDirectory(async (directory) => {
    const first = await open(directory);
    await put(first, "/a/1", "old");
    await first.close();
    const old = await Deno.readFile(`${directory}/state.kv`);
    const second = await open(directory);
    const lost = await put(second, "/a/1", "new");
    await second.close();
    await Deno.writeFile(`${directory}/state.kv`, old);
    const refusal = /ends with revision 2, and revision 3 had been acknowledged \(to go on /;
    await refusedToOpen(directory, "Corrupt", refusal);
    await Deno.writeTextFile(`${directory}/state.mark`, "accept\n");
    const third = await open(directory);
    assert.equal(text(third.get("/a/1")!), "old");
    const next = await put(third, "/a/1", "newer");
    assert.ok(next.revision > lost.revision + 1_000_000);
    // Who watched what is lost must not be told that nothing happened.
    const resumed = third.watch("", lost.revision, new Recorder());
    await assert.rejects(resumed, { code: "Compacted" });
    await third.close();
    await (await open(directory)).close();
  }));

const NOBODY = 65_534;

/** Opens a store as a user who is not root and owns the directory; returns what is said, "" if it can be opened. */
async function openAsNobody(directory: string): Promise<string> {
  const cache = await Deno.makeTempDir();
  await Deno.chmod(cache, 0o777);
  for (const name of ["", "/state.kv", "/state.mark", "/state.lock"]) {
    await Deno.chown(directory + name, NOBODY, NOBODY);
  }
  const program = `
    const { openKvStorage } = await import("${new URL("open.ts", import.meta.url)}");
    const { silentLog } = await import("${new URL("../../../shared/log/log.ts", import.meta.url)}");
    const { systemClock } = await import("${new URL(
    "../../../shared/clock/clock.ts",
    import.meta.url,
  )}");
    const options = { clock: systemClock, log: silentLog };
    await openKvStorage("${directory}", options).then(
      (storage) => storage.close(),
      (error) => console.log(error.code, error.message),
    );`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--unstable-kv", "--no-check", program],
    uid: NOBODY,
    gid: NOBODY,
    clearEnv: true,
    env: { DENO_DIR: cache },
  }).output();
  await Deno.remove(cache, { recursive: true });
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** Root has every right, so it becomes somebody else; who is not root cannot. */
const asNobody = Deno.uid() === 0;
const unusable: { title: string; hurt(directory: string): Promise<void> }[] = [
  { title: "file", hurt: (directory) => Deno.chmod(`${directory}/state.kv`, 0) },
  { title: "file for writing", hurt: (directory) => Deno.chmod(`${directory}/state.kv`, 0o444) },
  { title: "directory", hurt: (directory) => Deno.chmod(directory, 0) },
];
for (const { title, hurt } of unusable) {
  Deno.test(`openKvStorage() refuses a store whose ${title} the user has no right to`, () =>
    inDirectory(async (directory) => {
      await (await open(directory)).close();
      if (asNobody) assert.equal(await openAsNobody(directory), "");
      await hurt(directory);
      const refusal =
        /Cannot open the store in \S+: .*(denied|readonly|unable to open).*; see to the disk and to the rights/is;
      if (asNobody) assert.match(await openAsNobody(directory), refusal);
      else await refusedToOpen(directory, "Unreadable", refusal);
      await Deno.chmod(directory, 0o700);
    }));
}

Deno.test("openKvStorage() refuses a directory that cannot be used", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    await refusedToOpen(`${directory}/file`, "Unreadable", /file/i);
  }));

Deno.test("openKvStorage() makes a store whose file follows what is in it, up and down", () =>
  inDirectory(async (directory) => {
    const storage = await open(directory);
    const all = (count: number, write: (key: string) => Promise<unknown>) =>
      Promise.all(Array.from({ length: count }, (_, i) => write(`/a/${i}`)));
    for (let i = 0; i < 10; i++) await all(1000, (key) => put(storage, key, randomText(2500)));
    const { size: most } = await Deno.stat(`${directory}/state.kv`);
    await all(950, (key) => remove(storage, key));
    await storage.compact(storage.revision());
    // A thousand pages later SQLite cuts the file off.
    for (let i = 0; i < 5; i++) await all(400, (key) => put(storage, `/b${key}`, randomText(2500)));
    await storage.compact(storage.revision());
    const live = 450 * 2500;
    const { size } = await Deno.stat(`${directory}/state.kv`);
    const limit = 2 * live * 4 / 3 + 5 * 1024 * 1024;
    assert.ok(size < limit && most > 2 * limit, `${most} bytes became ${size}`);
    assert.equal((await storage.list("")).items.length, 450);
    await storage.close();
  }));
