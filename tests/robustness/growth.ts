import assert from "node:assert/strict";
import { openKvStorage } from "../../control/storage/kv/open.ts";
import type { KvStorage } from "../../control/storage/kv/storage.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { type Random, seededRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";

/** What hours of typical churn came to. */
export interface GrowthTally {
  writes: number;
  /** Bytes of all values written. */
  written: number;
  /** The largest that the database, and its write-ahead log, were found to be. */
  file: number;
  wal: number;
  /** The largest share of what the database may have that it had. */
  fill: number;
  /** The memory of the process after the first hour, and the most it had later, in bytes. */
  rss: { early: number; late: number };
}

const NODES = 10;
const PODS = 100;
const STEP_MS = 20_000;
const STEPS_PER_HOUR = 3_600_000 / STEP_MS;
/** Every change is kept for five to ten minutes (RetentionLimits). */
const HISTORY_STEPS = 600_000 / STEP_MS;
const EVENT_STEPS = STEPS_PER_HOUR;
const MIB = 1024 * 1024;

/**
 * What the database may take, in bytes: the log is at most half waste; as much as a third of what it needs, or 4 MiB, may
 * be free; and a little more until SQLite next cuts the file off.
 */
export function fileLimit(live: number, history: number): number {
  const needed = 2 * (live + history);
  return needed + Math.max(needed / 3, 4 * MIB) + MIB;
}

/**
 * Lives through `hours` of a small cluster's writes in compressed time: leases renewed, pods rolled over, statuses
 * reported, events written and forgotten. Throws an `AssertionError` as soon as the files are over their limits.
 */
export async function grow(hours: number, seed: number): Promise<GrowthTally> {
  const directory = await Deno.makeTempDir();
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const tally = { writes: 0, written: 0, file: 0, wal: 0, fill: 0, rss: { early: 0, late: 0 } };
  const storage = await openKvStorage(directory, { clock, random, log: silentLog });
  const cluster = new Cluster(storage, random, tally);
  const recent: number[] = [];
  try {
    for (let step = 0; step < hours * STEPS_PER_HOUR; step++) {
      const before = tally.written;
      await cluster.step(step);
      recent.push(tally.written - before);
      if (recent.length > HISTORY_STEPS) recent.shift();
      await clock.advance(STEP_MS);
      if (step % 30 !== 29) continue;
      // Waits for the compaction that is under way, if one is.
      await storage.compact(storage.compacted());
      const history = recent.reduce((sum, bytes) => sum + bytes, 0);
      const { rss } = Deno.memoryUsage();
      if (step < STEPS_PER_HOUR) tally.rss.early = rss;
      else tally.rss.late = Math.max(tally.rss.late, rss);
      await measure(directory, fileLimit(await liveBytes(storage), history), tally);
    }
  } finally {
    await storage.close();
    await Deno.remove(directory, { recursive: true });
  }
  return tally;
}

async function liveBytes(storage: KvStorage): Promise<number> {
  const { items } = await storage.list("");
  return items.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
}

async function measure(directory: string, limit: number, tally: GrowthTally): Promise<void> {
  const { size } = await Deno.stat(`${directory}/state.kv`);
  const wal = (await Deno.stat(`${directory}/state.kv-wal`)).size;
  assert.ok(size <= limit, `the database has ${size} bytes, more than ${limit}`);
  assert.ok(wal <= 8 * MIB, `the write-ahead log has ${wal} bytes`);
  tally.file = Math.max(tally.file, size);
  tally.wal = Math.max(tally.wal, wal);
  tally.fill = Math.max(tally.fill, size / limit);
}

/** What a cluster writes. */
class Cluster {
  readonly #storage: KvStorage;
  readonly #random: Random;
  readonly #tally: GrowthTally;
  /** Values are cut from this: the worst case, because it cannot be compressed. */
  readonly #noise: Uint8Array;
  #pods: string[] = [];
  #number = 0;

  constructor(storage: KvStorage, random: Random, tally: GrowthTally) {
    this.#storage = storage;
    this.#random = random;
    this.#tally = tally;
    this.#noise = Uint8Array.from({ length: MIB }, () => Math.floor(random.float() * 256));
  }

  /** Twenty seconds of it. */
  async step(step: number): Promise<void> {
    const writes: Promise<unknown>[] = [];
    for (let node = 0; node < NODES; node++) {
      for (let renewal = 0; renewal < 2; renewal++) {
        writes.push(this.#put(`/lease/node-${node}`, 600, true));
      }
      if ((step + node) % 15 === 0) writes.push(this.#put(`/node/node-${node}`, 6000));
    }
    for (let renewal = 0; renewal < 10; renewal++) {
      writes.push(this.#put("/lease/leader", 400, true));
    }
    for (let event = 0; event < 3; event++) writes.push(this.#put(`/event/${step}-${event}`, 900));
    for (let event = 0; event < 3 && step >= EVENT_STEPS; event++) {
      writes.push(this.#delete(`/event/${step - EVENT_STEPS}-${event}`));
    }
    writes.push(this.#rollOver());
    await Promise.all(writes);
  }

  /** A pod comes, is scheduled, starts and is ready; the oldest goes. Every hundredth config is large. */
  async #rollOver(): Promise<void> {
    const key = `/pod/${this.#number++}`;
    this.#pods.push(key);
    for (const size of [2500, 2700, 3400, 3600]) {
      await this.#put(key, size + Math.floor(this.#random.float() * 400));
    }
    if (this.#number % 100 === 0) await this.#put("/config/large", 300_000);
    if (this.#pods.length > PODS) await this.#delete(this.#pods.shift()!);
  }

  #put(key: string, size: number, lazy = false): Promise<unknown> {
    this.#tally.writes++;
    this.#tally.written += size;
    const encode = () => this.#value(size);
    return this.#storage.write({ type: "put", key, encode, ...(lazy && { lazy }) });
  }

  #delete(key: string): Promise<unknown> {
    this.#tally.writes++;
    this.#tally.written += 3000;
    return this.#storage.write({ type: "delete", key, encode: () => this.#value(3000) });
  }

  #value(size: number): Uint8Array {
    const at = Math.floor(this.#random.float() * (this.#noise.length - size));
    return this.#noise.slice(at, at + size);
  }
}
