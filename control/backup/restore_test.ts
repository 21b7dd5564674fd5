import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";
import { openKvStorage } from "../storage/kv/open.ts";
import { type Revision, StorageError } from "../storage/storage.ts";
import { restoreBackup } from "./restore.ts";
import { backupBytes, inPieces, putConfigMap, sampleCluster } from "./sample_cluster.ts";

const clock = new FakeClock();
const random = seededRandom(1);

async function inTemporary(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort();
}

Deno.test("restoreBackup() makes a store with the same objects whose revisions go on above all others", () =>
  inTemporary(async (parent) => {
    const cluster = await sampleCluster(100, { size: 500 });
    await putConfigMap(cluster.storage, "large", "x".repeat(300_000));
    const state = await cluster.storage.list("");
    const bytes = await backupBytes(cluster, { created: clock.now() });
    const directory = `${parent}/server`;
    const restored = await restoreBackup(inPieces(bytes), { directory, clock, random });
    assert.deepEqual(await namesIn(parent), ["server"]);
    assert.deepEqual(await namesIn(directory), ["certificates", "settings.yaml", "store"]);
    const storage = await openKvStorage(`${directory}/store`, { clock, random, log: silentLog });
    try {
      assert.deepEqual((await storage.list("")).items, state.items);
      assert.equal(storage.revision(), restored.revision);
      // A watcher or list that knows a revision of the old server, also one given after the backup.
      for (const known of [state.revision, state.revision + 1_000_000] as Revision[]) {
        const sink = { changes() {}, closed() {} };
        const isCompacted = (error: unknown) => (error as StorageError).code === "Compacted";
        await assert.rejects(storage.watch("/", known, sink), isCompacted);
        await assert.rejects(storage.list("/", { revision: known }), isCompacted);
      }
      const encode = () => new Uint8Array(1);
      const next = await storage.write({ type: "put", key: state.items[0]!.key, encode });
      assert.equal(next.revision, restored.revision + 1);
      await assert.rejects(
        storage.write({
          type: "put",
          key: state.items[1]!.key,
          expected: state.revision + 9 as Revision,
          encode,
        }),
        (error) => (error as StorageError).code === "Conflict",
      );
    } finally {
      await storage.close();
    }
  }));

Deno.test("restoreBackup() leaves nothing behind of a file that is refused, and no trace in an empty directory", () =>
  inTemporary(async (parent) => {
    const whole = await backupBytes(await sampleCluster(3000), { created: clock.now() });
    const flipped = whole.slice();
    flipped[whole.length - 30]! ^= 8;
    const directory = `${parent}/server`;
    await Deno.mkdir(directory);
    for (
      const bytes of [
        whole.subarray(0, -1),
        whole.subarray(0, whole.length / 2),
        flipped,
        whole.subarray(0, 10),
      ]
    ) {
      await assert.rejects(
        restoreBackup(inPieces(bytes), { directory, clock, random }),
        /it is (damaged|cut off)/,
      );
      assert.deepEqual(await namesIn(parent), ["server"]);
      assert.deepEqual(await namesIn(directory), []);
    }
    await restoreBackup(inPieces(whole), { directory, clock, random });
    assert.deepEqual(await namesIn(directory), ["certificates", "settings.yaml", "store"]);
  }));

Deno.test("restoreBackup() never touches a directory with something in it", () =>
  inTemporary(async (parent) => {
    const bytes = await backupBytes(await sampleCluster(1));
    const directory = `${parent}/server`;
    await Deno.mkdir(directory);
    await Deno.writeTextFile(`${directory}/mine`, "mine");
    await assert.rejects(
      restoreBackup(inPieces(bytes), { directory, clock, random }),
      /it is not empty/,
    );
    assert.deepEqual(await namesIn(parent), ["server"]);
    assert.deepEqual(await namesIn(directory), ["mine"]);
  }));

Deno.test("restoreBackup() does not give way to something that came into the directory meanwhile", () =>
  inTemporary(async (parent) => {
    const bytes = await backupBytes(await sampleCluster(100));
    const directory = `${parent}/server`;
    async function* file() {
      yield* inPieces(bytes);
      await Deno.mkdir(directory);
      await Deno.writeTextFile(`${directory}/mine`, "mine");
    }
    await assert.rejects(
      restoreBackup(file(), { directory, clock, random }),
      /it is not empty any more/,
    );
    assert.deepEqual(await namesIn(parent), ["server"]);
    assert.deepEqual(await namesIn(directory), ["mine"]);
  }));

Deno.test("restoreBackup() is refused while another one is at work for the same directory", () =>
  inTemporary(async (parent) => {
    const bytes = await backupBytes(await sampleCluster(10));
    const directory = `${parent}/server`;
    async function* file() {
      const second = restoreBackup(inPieces(bytes), { directory, clock, random });
      await assert.rejects(second, /another restore is at work/);
      yield* inPieces(bytes);
    }
    await restoreBackup(file(), { directory, clock, random });
  }));
