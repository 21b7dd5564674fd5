/**
 * Measures the store by itself: `deno run -A tests/robustness/bench.ts`. Writes with 1 to 256 writers, the longest
 * stretches for which compaction keeps the thread, and how long opening takes. Times of threads are their time on a
 * processor, so that what else the machine does disturbs them little.
 *
 * @module
 */
import process from "node:process";
import { openKvStorage } from "../../control/storage/kv/open.ts";
import type { KvStorage } from "../../control/storage/kv/storage.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { systemRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";

const SIZE = 3600;
const WRITING_MS = 4000;
const RETENTION = { ageMs: 3_600_000, changes: 1_000_000_000, bytes: 1e12 };
/** Values are cut from this; it compresses as badly as anything can. */
const noise = crypto.getRandomValues(new Uint8Array(65_536));

function open(directory: string, retention: Partial<typeof RETENTION> = {}): Promise<KvStorage> {
  return openKvStorage(directory, {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    retention,
  });
}

function put(storage: KvStorage, key: string, n: number) {
  const at = (n * 7919) % (noise.length - SIZE);
  return storage.write({ type: "put", key, encode: () => noise.slice(at, at + SIZE) });
}

/** Milliseconds that the thread which runs JavaScript has spent on a processor. */
function threadMs(): number {
  const text = Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/schedstat`);
  return Number(text.split(" ")[0]) / 1e6;
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  await work(directory).finally(() => Deno.remove(directory, { recursive: true }));
}

async function writes(writers: number): Promise<void> {
  await inDirectory(async (directory) => {
    const storage = await open(directory);
    const begun = performance.now();
    const thread = threadMs();
    const before = process.cpuUsage();
    const latencies: number[] = [];
    const writer = async (number: number) => {
      for (let n = 0; performance.now() - begun < WRITING_MS; n++) {
        const asked = performance.now();
        await put(storage, `/registry/core/pods/ns-${number % 20}/pod-${number}-${n % 200}`, n);
        latencies.push(performance.now() - asked);
      }
    };
    await Promise.all(Array.from({ length: writers }, (_, number) => writer(number)));
    const count = latencies.length;
    const rate = count / (performance.now() - begun) * 1000;
    const { user, system } = process.cpuUsage(before);
    latencies.sort((a, b) => a - b);
    console.log(
      `| ${writers} | ${rate.toFixed(0)} | ${((user + system) / count).toFixed(1)} | ` +
        `${((threadMs() - thread) * 1000 / count).toFixed(1)} | ` +
        `${latencies[count >> 1]!.toFixed(1)} | ${
          latencies[Math.floor(count * 0.99)]!.toFixed(1)
        } |`,
    );
    await storage.close();
  });
}

/** Runs `work` and returns the longest times for which it kept the thread, in milliseconds. */
async function stretches(work: () => Promise<void>): Promise<string> {
  const found: number[] = [];
  let running = true;
  let last = threadMs();
  const watching = (async () => {
    while (running) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      const now = threadMs();
      found.push(now - last);
      last = now;
    }
  })();
  await work();
  running = false;
  await watching;
  return found.sort((a, b) => b - a).slice(0, 3).map((ms) => ms.toFixed(1)).join(", ");
}

/** `count` writes, 256 at a time. */
async function many(count: number, write: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n += 256) {
    const size = Math.min(256, count - n);
    await Promise.all(Array.from({ length: size }, (_, i) => write(n + i)));
  }
}

async function compaction(objects: number, changes: number): Promise<void> {
  await inDirectory(async (directory) => {
    const storage = await open(directory, RETENTION);
    const key = (n: number) => `/registry/core/pods/ns-${n % 50}/pod-${n}`;
    await many(objects, (n) => put(storage, key(n), n));
    await many(changes, (n) => put(storage, key((n * 7919) % objects), n));
    const begun = performance.now();
    const longest = await stretches(() => storage.compact(storage.revision()));
    const took = performance.now() - begun;
    console.log(
      `Compaction of ${changes} changes beside ${objects} objects: ${took.toFixed(0)} ms; ` +
        `the longest times it kept the thread: ${longest} ms`,
    );
    await storage.close();
    const file = () => Deno.statSync(`${directory}/state.kv`).size / 1e6;
    console.log(
      `The file after it: ${file().toFixed(0)} MB for ${(objects * SIZE / 1e6).toFixed(0)} MB`,
    );
  });
}

async function opening(objects: number): Promise<void> {
  await inDirectory(async (directory) => {
    const filled = await open(directory);
    await many(objects, (n) => put(filled, `/registry/core/pods/ns-${n % 50}/pod-${n}`, n));
    await filled.close();
    const begun = performance.now();
    const thread = threadMs();
    const storage = await open(directory);
    const took = performance.now() - begun;
    console.log(
      `Opening with ${objects} objects: ${took.toFixed(0)} ms, ${
        (threadMs() - thread).toFixed(0)
      } ms of the thread`,
    );
    await storage.close();
  });
}

if (import.meta.main) {
  console.log("| writers | puts/s | CPU, µs a put | of the thread | p50 ms | p99 ms |");
  console.log("|---|---|---|---|---|---|");
  for (const writers of [1, 32, 64, 256]) await writes(writers);
  await compaction(50_000, 100_000);
  for (const objects of [1000, 50_000]) await opening(objects);
}
