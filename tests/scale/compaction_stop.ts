import { openKvStorage } from "../../control/storage/kv/open.ts";
import type { Storage } from "../../control/storage/storage.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { systemRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";

/** How long requests took, in milliseconds. */
export interface Stops {
  readonly writes: number;
  readonly longestWriteMs: number;
  /** How long anything else had to wait for its turn: reads, and requests that only memory answers. */
  readonly longestTurnMs: number;
}

export interface CompactionStops {
  readonly objects: number;
  readonly changes: number;
  readonly seconds: number;
  readonly atRest: Stops;
  readonly whileCompacting: Stops;
}

const VALUE_BYTES = 1000;
const REST_MS = 3_000;
/** So much history that nothing is compacted by itself. */
const keepAll = { ageMs: 1e9, changes: 1e9, bytes: 1e12 };

/**
 * Compacts a store of so many objects, each changed `changesEach` times, while requests go on. `beforeProbes` may collect
 * what the preparation left.
 */
export async function measureCompaction(
  directory: string,
  { objects, changesEach }: { readonly objects: number; readonly changesEach: number },
  beforeProbes: () => void = () => {},
): Promise<CompactionStops> {
  const options = { clock: systemClock, log: silentLog, random: systemRandom, retention: keepAll };
  const storage = await openKvStorage(directory, options);
  try {
    for (let round = 0; round < changesEach; round++) await fill(storage, objects);
    beforeProbes();
    let resting = true;
    setTimeout(() => resting = false, REST_MS);
    const atRest = await probe(storage, () => resting);
    let compacting = true;
    const begun = systemClock.monotonic();
    const compaction = storage.compact(storage.revision()).finally(() => compacting = false);
    const whileCompacting = await probe(storage, () => compacting);
    await compaction;
    const seconds = (systemClock.monotonic() - begun) / 1000;
    return { objects, changes: objects * changesEach, seconds, atRest, whileCompacting };
  } finally {
    await storage.close();
  }
}

async function fill(storage: Storage, objects: number): Promise<void> {
  const atOnce = 1000;
  for (let i = 0; i < objects; i += atOnce) {
    const keys = Array.from(
      { length: Math.min(atOnce, objects - i) },
      (_, k) => `/object/${i + k}`,
    );
    await Promise.all(keys.map((key) => put(storage, key)));
  }
}

function put(storage: Storage, key: string) {
  const encode = () => crypto.getRandomValues(new Uint8Array(VALUE_BYTES));
  return storage.write({ type: "put", key, encode });
}

/** One write after the other, and turns of the event loop beside it, while `going` says so. */
async function probe(storage: Storage, going: () => boolean): Promise<Stops> {
  let writes = 0;
  let longestWriteMs = 0;
  let longestTurnMs = 0;
  const timed = async (work: () => Promise<unknown>) => {
    const begun = systemClock.monotonic();
    await work();
    return systemClock.monotonic() - begun;
  };
  const turns = (async () => {
    const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
    while (going()) longestTurnMs = Math.max(longestTurnMs, await timed(turn));
  })();
  while (going()) {
    longestWriteMs = Math.max(longestWriteMs, await timed(() => put(storage, "/probe")));
    writes++;
  }
  await turns;
  return { writes, longestWriteMs, longestTurnMs };
}
