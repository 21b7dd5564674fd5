import assert from "node:assert/strict";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { checkDatabase, createDatabase } from "./database.ts";
import { FreeSpace } from "./free_space.ts";

const VALUE = 60_000;

/** A file of 300 values of which only the last 20 are left, with Deno KV on it. */
async function emptied(test: (kv: Deno.Kv, file: string, directory: string) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/state.kv`;
  createDatabase(file);
  const kv = await Deno.openKv(file);
  try {
    for (let i = 0; i < 300; i++) await kv.set(["log", i], new Uint8Array(VALUE).fill(i));
    for (let i = 0; i < 280; i++) await kv.delete(["log", i]);
    await test(kv, file, directory);
  } finally {
    kv.close();
    await Deno.remove(directory, { recursive: true });
  }
}

async function assertWhole(kv: Deno.Kv): Promise<void> {
  const entries = await Array.fromAsync(kv.list<Uint8Array>({ prefix: ["log"] }));
  assert.deepEqual(entries.map(({ key }) => key[1]), Array.from({ length: 20 }, (_, i) => 280 + i));
  for (const { key, value } of entries) {
    assert.deepEqual(value, new Uint8Array(VALUE).fill(Number(key[1])));
  }
}

Deno.test("FreeSpace gives back what is free, while the file is in use and wherever it is interrupted", () =>
  emptied(async (kv, file, directory) => {
    const before = (await Deno.stat(file)).size;
    let steps = 0;
    await new FreeSpace(file, new FakeClock()).giveBack({
      async alone(step) {
        await step();
        steps++;
        // As a kill would leave it now.
        const copy = `${directory}/copy.kv`;
        await Deno.copyFile(file, copy);
        await Deno.copyFile(`${file}-wal`, `${copy}-wal`);
        checkDatabase(copy);
        const copied = await Deno.openKv(copy);
        await assertWhole(copied);
        copied.close();
        for (const name of [copy, `${copy}-wal`, `${copy}-shm`]) {
          await Deno.remove(name).catch(() => {});
        }
        await kv.set(["other"], steps);
      },
      commit: () => kv.set(["other"], -1),
      stopped: () => false,
    });
    assert.ok(steps > 3);
    await assertWhole(kv);
    // SQLite cuts the file off when it next copies its log.
    for (let i = 0; i < 60; i++) await kv.set(["other"], new Uint8Array(VALUE).fill(i));
    const { size } = await Deno.stat(file);
    assert.ok(
      size < 20 * VALUE * 4 / 3 + 5 * 1024 * 1024 && size < before / 2,
      `${size} of ${before}`,
    );
  }));

Deno.test("FreeSpace leaves a file alone that has little to give back", () =>
  emptied(async (kv, file) => {
    for (let i = 0; i < 260; i++) await kv.set(["log", i], new Uint8Array(VALUE).fill(i));
    await new FreeSpace(file, new FakeClock()).giveBack({
      alone: () => assert.fail("was touched"),
      commit: () => assert.fail("was touched"),
      stopped: () => false,
    });
  }));

Deno.test("FreeSpace ends when it is told to", () =>
  emptied(async (_kv, file) => {
    let steps = 0;
    await new FreeSpace(file, new FakeClock()).giveBack({
      alone: (step) => step().then(() => void steps++),
      commit: () => Promise.resolve(),
      stopped: () => steps === 2,
    });
    assert.equal(steps, 2);
  }));
