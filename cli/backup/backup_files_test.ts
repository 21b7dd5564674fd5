import assert from "node:assert/strict";
import { readPassphrase, writeWhole } from "./backup_files.ts";

async function inTemporary(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function names(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
}

Deno.test("writeWhole() writes a file for its owner alone", () =>
  inTemporary(async (directory) => {
    const path = `${directory}/backup`;
    assert.equal(await writeWhole(path, chunks("one", "two")), 6);
    assert.equal(await Deno.readTextFile(path), "onetwo");
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.deepEqual(await names(directory), ["backup"]);
  }));

Deno.test("writeWhole() leaves nothing of bytes that end with an error", () =>
  inTemporary(async (directory) => {
    async function* broken() {
      yield* chunks("one");
      throw new Error("cut off");
    }
    await assert.rejects(writeWhole(`${directory}/backup`, broken()), /cut off/);
    assert.deepEqual(await names(directory), []);
  }));

Deno.test("writeWhole() replaces nothing", () =>
  inTemporary(async (directory) => {
    const path = `${directory}/backup`;
    await Deno.writeTextFile(path, "mine");
    await assert.rejects(writeWhole(path, chunks("one")), /exists already/);
    assert.equal(await Deno.readTextFile(path), "mine");
  }));

Deno.test("readPassphrase() takes the first line and refuses one that could be tried", () =>
  inTemporary(async (directory) => {
    const path = `${directory}/passphrase`;
    await Deno.writeTextFile(path, "correct horse battery \r\nsecond line");
    assert.equal(await readPassphrase(path), "correct horse battery ");
    for (const bad of ["", "short", "\nlong enough in the second line"]) {
      await Deno.writeTextFile(path, bad);
      await assert.rejects(readPassphrase(path), /its first line must have 12 to 4096 characters/);
    }
    await assert.rejects(readPassphrase(`${directory}/none`), /there is no such file/);
    assert.equal(await readPassphrase(undefined), undefined);
  }));
