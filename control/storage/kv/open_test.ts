import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { put, text } from "../contract_suite.ts";
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
function randomText(): string {
  return crypto.getRandomValues(new Uint8Array(100)).toHex();
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

Deno.test("openKvStorage() refuses a directory that cannot be used", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    await refusedToOpen(`${directory}/file`, "Unreadable", /file/i);
  }));
