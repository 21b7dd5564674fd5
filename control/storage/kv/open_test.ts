import assert from "node:assert/strict";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { put, text } from "../contract_suite.ts";
import { openKvStorage } from "./open.ts";
import { KvOpenError, type KvOpenErrorCode } from "./open_error.ts";

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

Deno.test("openKvStorage() makes a file of format 1 one of its own format, which an older program refuses", () =>
  inDirectory(async (directory) => {
    const file = `${directory}/state.kv`;
    await stored(directory, (kv) => kv.set(["head"], JSON.stringify({ format: 1, store: "s" })));
    const storage = await open(directory);
    assert.equal(storage.id, "s");
    assert.equal(text(storage.get("/a/1")!), "x".repeat(1000));
    await storage.close();
    const kv = await Deno.openKv(file);
    assert.equal((await kv.get(["head"])).value, JSON.stringify({ format: 2, store: "s" }));
    kv.close();
  }));

const refusals: {
  title: string;
  tamper(kv: Deno.Kv): Promise<unknown>;
  code: KvOpenErrorCode;
  reason: RegExp;
}[] = [
  {
    title: "of a newer format",
    tamper: (kv) => kv.set(["head"], JSON.stringify({ format: 3, store: "s" })),
    code: "Format",
    reason: /it is in format 3, and this program reads formats up to 2 only/,
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
