import { openKvStorage } from "../../../control/storage/kv/open.ts";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { type Random, seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { type Acknowledged, checkStore } from "./store_check.ts";
import { type Call, readTrace } from "./trace.ts";

/** What power cuts came to. */
export interface PowerCutTally {
  /** Disks as a power cut would leave them, each opened and checked. */
  images: number;
  acknowledged: number;
  syncs: number;
  /** Intervals between two fsyncs in which the power went off, of `syncs` and one more. */
  intervals: number;
}

export interface PowerCutOptions {
  /** A planted bug: the disk takes no heed of this share of the syncs. */
  readonly deafness?: number;
}

/** The child runs until it has acknowledged so many writes: the trace has all bytes that it writes. */
const LINES = 1500;
const SECTOR = 512;

/**
 * Runs a child with 64 writers under strace, then plays its writes and fsyncs back: the power goes off `cuts` times, in
 * one interval between two fsyncs after the other, at a random moment of each, when each file has what was synced and, of what was written since, nothing, a part in order, or any of it
 * and torn. Each such disk must open and be complete up to the last write acknowledged by then. Needs strace.
 */
export async function powerCuts(
  cuts: number,
  seed: number,
  options: PowerCutOptions = {},
): Promise<PowerCutTally> {
  const random = seededRandom(seed);
  const directory = await Deno.makeTempDir();
  const trace = `${directory}/trace`;
  try {
    await traceChild(`${directory}/store`, trace, seed);
    const calls = await readTrace(trace);
    const tally = { images: 0, acknowledged: 0, syncs: 0, intervals: 0 };
    const moments = momentsOf(calls, { cuts, random, tally });
    const disk = new Map<string, SyncedFile>();
    const said: string[] = [];
    for (const [i, call] of calls.entries()) {
      while (moments[0] === i) {
        moments.shift();
        await checkImage(disk, acknowledgedBy(said), random);
        tally.images++;
      }
      if (call.type === "sync") tally.syncs++;
      if (call.type === "sync" && random.float() < (options.deafness ?? 0)) continue;
      play(call, disk, said);
    }
    tally.acknowledged = acknowledgedBy(said).length;
    return tally;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Which calls the power goes off before, in order. Begins when the first write was acknowledged. */
function momentsOf(
  calls: readonly Call[],
  { cuts, random, tally }: {
    readonly cuts: number;
    readonly random: Random;
    readonly tally: PowerCutTally;
  },
): number[] {
  const first = calls.findIndex(({ type }) => type === "say");
  const syncs = [...calls.keys()].filter((i) => i > first && calls[i]!.type === "sync");
  const bounds = [first, ...syncs, calls.length];
  const gaps = Array.from({ length: bounds.length - 1 }, (_, i) => i);
  // Where there are more intervals than cuts, which of them is left to chance.
  tally.intervals = Math.min(cuts, gaps.length);
  const start = Math.floor(random.float() * gaps.length);
  return Array.from({ length: cuts }, (_, i) => {
    const gap = gaps[(start + i) % gaps.length]!;
    const [from, to] = [bounds[gap]!, bounds[gap + 1]!];
    return from + Math.floor(random.float() * (to - from));
  }).sort((a, b) => a - b);
}

async function traceChild(store: string, trace: string, seed: number): Promise<void> {
  const program = new URL("child.ts", import.meta.url).pathname;
  const calls = "trace=openat,fcntl,close,pwrite64,write,fsync,fdatasync,ftruncate";
  const run = [Deno.execPath(), "run", "-A", "--no-check", "--unstable-kv", program, store];
  const child = new Deno.Command("strace", {
    args: [
      "-f",
      "-I",
      "2",
      "-qq",
      "-xx",
      "-s",
      "8192",
      "-e",
      calls,
      "-o",
      trace,
      ...run,
      `${seed}`,
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let lines = 0;
  for await (const chunk of child.stdout) {
    lines += chunk.filter((byte) => byte === 10).length;
    if (lines < LINES) continue;
    // With -I 2 it heeds that, and hands it on to the child.
    child.kill("SIGTERM");
    lines = -Infinity;
  }
  await child.status;
}

function play(call: Call, disk: Map<string, SyncedFile>, said: string[]): void {
  if (call.type === "say") return void said.push(new TextDecoder().decode(call.bytes));
  let file = disk.get(call.file);
  if (!file) disk.set(call.file, file = new SyncedFile());
  if (call.type === "write") file.written.push({ at: call.at, bytes: call.bytes });
  else if (call.type === "truncate") file.written.push({ size: call.size });
  else file.sync(call.since);
}

function acknowledgedBy(said: readonly string[]): Acknowledged[] {
  return said.join("").split("\n").slice(0, -1).map((line) => {
    const [type, key, revision, number] = line.split(" ") as [string, string, string, string];
    return { type, key, revision: Number(revision), number };
  });
}

async function checkImage(
  disk: ReadonlyMap<string, SyncedFile>,
  acknowledged: readonly Acknowledged[],
  random: Random,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const kind = Math.floor(random.float() * 3);
    for (const [name, file] of disk) {
      await Deno.writeFile(`${directory}/${name}`, file.image(survivors(file, kind, random)));
    }
    const clock = new FakeClock();
    const storage = await openKvStorage(directory, { clock, random, log: silentLog });
    await checkStore(storage, acknowledged, random).finally(() => storage.close());
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Which of the writes that were not synced reach the disk: none, the first of them, or some and torn. */
function survivors({ written }: SyncedFile, kind: number, random: Random): readonly Written[] {
  if (kind === 0) return [];
  if (kind === 1) return written.slice(0, Math.floor(random.float() * (written.length + 1)));
  return written.flatMap((one) => {
    if (random.float() < 0.5) return [];
    if ("size" in one || random.float() < 0.7) return [one];
    const sectors = Math.floor(random.float() * one.bytes.length / SECTOR);
    return [{ at: one.at, bytes: one.bytes.subarray(0, sectors * SECTOR) }];
  });
}

type Written = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };

/** A file as the disk has it, and what was written to it since. */
class SyncedFile {
  #bytes = new Uint8Array(0);
  #size = 0;
  written: Written[] = [];

  /** The first `count` of the writes are on disk now; Infinity: all. */
  sync(count: number): void {
    const synced = this.written.splice(0, count);
    const image = this.image(synced);
    this.#bytes = image;
    this.#size = image.length;
  }

  image(more: readonly Written[]): Uint8Array<ArrayBuffer> {
    let size = this.#size;
    const reach = more.map((one) => "size" in one ? one.size : one.at + one.bytes.length);
    const bytes = new Uint8Array(Math.max(size, ...reach));
    bytes.set(this.#bytes);
    for (const one of more) {
      if ("size" in one) {
        bytes.fill(0, one.size);
        size = one.size;
      } else {
        bytes.set(one.bytes, one.at);
        size = Math.max(size, one.at + one.bytes.length);
      }
    }
    return bytes.slice(0, size);
  }
}
