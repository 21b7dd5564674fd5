/**
 * The program that `crash_test.ts` kills: 32 writers, each with keys of its own. It says on stdout what was
 * acknowledged, one line each: type, key, revision, number of the write.
 *
 * @module
 */
import { systemClock } from "../../../shared/clock/clock.ts";
import { seededRandom, systemRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { openKvStorage } from "./open.ts";
import type { KvStorage } from "./storage.ts";

const WRITERS = 32;

async function write(storage: KvStorage, writer: number, seed: number): Promise<void> {
  const random = seededRandom(seed * WRITERS + writer);
  const text = new TextEncoder();
  for (let n = 0;; n++) {
    const lazy = writer % 8 === 7;
    const key = `/${lazy ? "lease" : "object"}/${writer}/${Math.floor(random.float() * 5)}`;
    const type = !lazy && storage.latest(key) && random.float() < 0.2 ? "delete" : "put";
    const size = random.float() < 0.01 ? 150_000 : Math.floor(random.float() * 3000);
    const encode = () => text.encode(`${seed}.${n} ${"x".repeat(size)}`);
    const { revision } = await storage.write({ type, key, encode, ...(lazy && { lazy }) });
    Deno.stdout.writeSync(text.encode(`${type} ${key} ${revision} ${seed}.${n}\n`));
    // A lazy write waits for nothing, so its writer must make room for the others.
    if (lazy) await new Promise((resolve) => systemClock.after(1, () => resolve(undefined)));
  }
}

if (import.meta.main) {
  const [directory = "", seed = "1"] = Deno.args;
  const storage = await openKvStorage(directory, {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    lazyFlushMs: 20,
    retention: { changes: 3000, ageMs: 100 },
  });
  for (let writer = 0; writer < WRITERS; writer++) write(storage, writer, Number(seed));
}
