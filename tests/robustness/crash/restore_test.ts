import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { backupBytes, sampleCluster } from "../../../control/backup/sample_cluster.ts";
import { openKvStorage } from "../../../control/storage/kv/open.ts";
import { systemClock } from "../../../shared/clock/clock.ts";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";

/** More rounds for a long run: CRASH_ROUNDS=500. */
const rounds = Number(Deno.env.get("CRASH_ROUNDS") ?? 10);
const OBJECTS = 3000;

/** What a restore makes, in this order: a round kills it a random moment after one of them is there. */
const steps = [
  ".restoring/restore.lock",
  ".restoring/store/state.kv",
  ".restoring/certificates/ca.crt",
  ".restoring/settings.yaml",
  "/settings.yaml",
];

function restore(file: string, directory: string): Deno.ChildProcess {
  const program = new URL("../../../cli/main.ts", import.meta.url).pathname;
  const command = ["backup", "restore", file, "--server-only", "--data-dir", directory];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--unstable-kv", program, ...command],
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function waitMs(ms: number): Promise<void> {
  const until = systemClock.monotonic() + ms;
  while (systemClock.monotonic() < until) await setImmediate();
}

async function checkWhole(directory: string): Promise<void> {
  const storage = await openKvStorage(`${directory}/store`, {
    clock: new FakeClock(),
    random: seededRandom(1),
    log: silentLog,
  });
  const { length } = (await storage.list("")).items;
  await storage.close();
  assert.equal(length, OBJECTS);
  for (const name of ["ca.crt", "ca.key", "service-account-keys.json"]) {
    assert.ok((await Deno.stat(`${directory}/certificates/${name}`)).size > 0);
  }
}

Deno.test("A restore that is killed leaves no data directory or a whole one, and can be repeated", async () => {
  const home = await Deno.makeTempDir();
  const file = `${home}/backup`;
  const random = seededRandom(rounds);
  try {
    await Deno.writeFile(file, await backupBytes(await sampleCluster(OBJECTS, { size: 300 })));
    let absent = 0;
    for (let round = 0; round < rounds; round++) {
      const directory = `${home}/data`;
      const child = restore(file, directory);
      let ended = false;
      const output = child.output().finally(() => ended = true);
      const path = directory + steps[round % steps.length];
      while (!ended && !await exists(path)) await setImmediate();
      await waitMs(random.float() * 20);
      if (!ended) child.kill("SIGKILL");
      await output;
      if (await exists(directory)) await checkWhole(directory);
      else {
        absent++;
        const { success, stderr } = await restore(file, directory).output();
        assert.ok(success, new TextDecoder().decode(stderr));
        await checkWhole(directory);
      }
      assert.equal(await exists(`${directory}.restoring`), false);
      await Deno.remove(directory, { recursive: true });
    }
    assert.ok(absent > 0, "no round killed a restore before its end");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
