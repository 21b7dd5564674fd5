import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { checkDatabase, createDatabase, remakeDatabase } from "./database.ts";

async function inDirectory(test: (file: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(`${directory}/state.kv`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function filled(file: string): Promise<void> {
  createDatabase(file);
  const kv = await Deno.openKv(file);
  for (let i = 0; i < 20; i++) await kv.set(["log", i], new Uint8Array(30_000).fill(i));
  for (let i = 0; i < 5; i++) await kv.delete(["log", i]);
  kv.close();
}

Deno.test("checkDatabase() accepts what Deno KV made, and leaves it alone", () =>
  inDirectory(async (file) => {
    await filled(file);
    const before = await Deno.readFile(file);
    checkDatabase(file);
    assert.deepEqual(await Deno.readFile(file), before);
  }));

Deno.test("checkDatabase() accepts a database that is not filled yet", () =>
  inDirectory(async (file) => {
    createDatabase(file);
    checkDatabase(file);
  }));

Deno.test("remakeDatabase() makes a file one whose free pages can be given back, and keeps what is in it", () =>
  inDirectory(async (file) => {
    const kv = await Deno.openKv(file);
    for (let i = 0; i < 20; i++) await kv.set(["log", i], new Uint8Array(30_000).fill(i));
    kv.close();
    for (let i = 0; i < 2; i++) {
      remakeDatabase(file);
      const database = new DatabaseSync(file);
      assert.equal(database.prepare("PRAGMA auto_vacuum").get()!.auto_vacuum, 2);
      database.close();
    }
    checkDatabase(file);
    const again = await Deno.openKv(file);
    assert.equal((await Array.fromAsync(again.list({ prefix: ["log"] }))).length, 20);
    again.close();
  }));

Deno.test("checkDatabase() refuses another program's database, and leaves it alone", () =>
  inDirectory(async (file) => {
    const database = new DatabaseSync(file);
    database.exec("CREATE TABLE bookmarks (url TEXT)");
    database.close();
    const before = await Deno.readFile(file);
    assert.throws(() => checkDatabase(file), /is a database of another program/);
    assert.deepEqual(await Deno.readFile(file), before);
  }));

Deno.test("checkDatabase() refuses a database of which a page is free and in use", () =>
  inDirectory(async (file) => {
    await filled(file);
    // The first free page, by the header: so that the list of free pages begins in a page that is in use.
    const bytes = await Deno.readFile(file);
    new DataView(bytes.buffer).setUint32(32, 3);
    await Deno.writeFile(file, bytes);
    assert.throws(() => checkDatabase(file), /damaged|malformed/);
  }));
