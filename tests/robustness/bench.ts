/**
 * Measures the store by itself: `deno run -A tests/robustness/bench.ts`. Writes with 1 to 256 writers, and
 * how long opening takes. Times of threads are their time on a processor, so that what else the machine does disturbs
 * them little.
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
/** Values are cut from this; it compresses as badly as anything can. */
const noise = crypto.getRandomValues(new Uint8Array(65_536));

function open(directory: string): Promise<KvStorage> {
  return openKvStorage(directory, { clock: systemClock, random: systemRandom, log: silentLog });
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

/** `count` writes, 256 at a time. */
async function many(count: number, write: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n += 256) {
    const size = Math.min(256, count - n);
    await Promise.all(Array.from({ length: size }, (_, i) => write(n + i)));
  }
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
  for (const objects of [1000, 50_000]) await opening(objects);
}
