/**
 * The program that `rounds.ts` kills and whose files it copies: 64 writers, each with keys of its own, every eighth of
 * leases. It says on stdout what was acknowledged, one line each: type, key, revision, number of the write.
 *
 * @module
 */
import { openKvStorage } from "../../../control/storage/kv/open.ts";
import type { KvStorage } from "../../../control/storage/kv/storage.ts";
import { sleep, systemClock } from "../../../shared/clock/clock.ts";
import { seededRandom, systemRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { valueOf } from "../history.ts";

const WRITERS = 64;
const text = new TextEncoder();

async function write(storage: KvStorage, writer: number, seed: number): Promise<void> {
  const random = seededRandom(seed * WRITERS + writer);
  const lazy = writer % 8 === 7;
  for (let n = 0;; n++) {
    const key = `/${lazy ? "lease" : "object"}/${writer}/${Math.floor(random.float() * 4)}`;
    const type = !lazy && storage.latest(key) && random.float() < 0.2 ? "delete" : "put";
    const size = random.float() < 0.005 ? 150_000 : 40 + Math.floor(random.float() * 2000);
    const number = `${seed}.${writer}.${n}`;
    const encode = () => valueOf(number, String(size), size);
    const { revision } = await storage.write({ type, key, encode, ...(lazy && { lazy }) });
    Deno.stdout.writeSync(text.encode(`${type} ${key} ${revision} ${number}\n`));
    // A lazy write waits for nothing, so its writer must make room for the others.
    if (lazy) await sleep(systemClock, 1);
  }
}

if (import.meta.main) {
  const [directory = "", seed = "1"] = Deno.args;
  const storage = await openKvStorage(directory, {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    lazyFlushMs: 20,
    retention: { changes: 4000, ageMs: 300 },
  });
  for (let writer = 0; writer < WRITERS; writer++) write(storage, writer, Number(seed));
}
