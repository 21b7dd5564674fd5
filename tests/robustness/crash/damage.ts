import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { Recorder } from "../../../control/storage/contract_suite.ts";
import { readMark } from "../../../control/storage/kv/mark.ts";
import { openKvStorage } from "../../../control/storage/kv/open.ts";
import { KvOpenError } from "../../../control/storage/kv/open_error.ts";
import type { KvStorage } from "../../../control/storage/kv/storage.ts";
import {
  type Change,
  type Revision,
  StorageError,
  type Stored,
} from "../../../control/storage/storage.ts";
import { sleep, systemClock } from "../../../shared/clock/clock.ts";
import { type Random, seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { valueOf } from "../history.ts";

/** A store's files at one moment, and all that was acknowledged by then. */
export interface DamageBase {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** `key@revision=checksum` of every object. */
  readonly state: readonly string[];
  readonly compacted: Revision;
  readonly changes: readonly string[];
}

/** What rounds of damage came to. */
export interface DamageTally {
  refused: number;
  /** Opened, with everything as it was acknowledged. */
  unharmed: number;
}

/** One way to hurt files. */
export interface Damage {
  readonly title: string;
  /** The files as they are left; an absent one is gone. */
  apply(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array>;
}

const names = ["state.mark", "state.kv", "state.kv-wal"];
/**
 * Makes a store with everything in it that a file can have: objects in several segments, large values, deleted and
 * compacted ones, free pages, leases. `crashed`: as a kill leaves it, with a write-ahead log of many transactions; else as
 * an orderly end leaves it.
 */
export async function damageBase(crashed: boolean, seed: number): Promise<DamageBase> {
  const directory = await Deno.makeTempDir();
  const random = seededRandom(seed);
  try {
    const first = await openStore(directory);
    for (let i = 0; i < 12; i++) await write(first, random, 20);
    await first.compact(first.revision());
    await write(first, random, 30);
    await first.close();
    const second = await openStore(directory);
    for (let i = 0; i < 8; i++) await write(second, random, 1 + Math.floor(random.float() * 12));
    const base = await contentOf(second);
    if (crashed) await marked(directory, second.revision());
    else await second.close();
    const files = new Map<string, Uint8Array>();
    for (const name of names) {
      const bytes = await Deno.readFile(`${directory}/${name}`).catch(() => undefined);
      if (bytes) files.set(name, bytes);
    }
    if (crashed) await second.close();
    return { files, ...base };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Resolves when the mark has followed to the last revision. */
async function marked(directory: string, revision: Revision): Promise<void> {
  for (;;) {
    const mark = await readMark(`${directory}/state.mark`);
    if (typeof mark === "object" && mark.last === revision) return;
    await sleep(systemClock, 5);
  }
}

/**
 * Opens the files as `damage` leaves them: that is refused by one sentence that says what to do, or everything is there.
 * History may answer `Unavailable` instead. Throws an `AssertionError` that names the damage.
 */
export async function openDamaged(
  base: DamageBase,
  damage: Damage,
): Promise<"refused" | "unharmed"> {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of damage.apply(base.files)) {
      await Deno.writeFile(`${directory}/${name}`, bytes);
    }
    const opened = await openStore(directory).catch((error) => error);
    if (!(opened instanceof Error)) {
      await checkUnharmed(opened, base, damage.title).finally(() => opened.close());
      return "unharmed";
    }
    checkRefusal(opened, damage.title);
    // Looking at it must not have made it pass, nor look like something else that happened to it.
    const again = await openStore(directory).catch((error) => error);
    checkRefusal(again, damage.title);
    const gone = /state\.kv-wal is gone/;
    assert.equal(gone.test(again.message), gone.test(opened.message), damage.title);
    return "refused";
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function checkRefusal(error: unknown, title: string): void {
  assert.ok(error instanceof KvOpenError, `${title}: ${error}`);
  assert.match(error.message, /^Cannot open the store in \S+: [^\n]+; [^\n]+$/, title);
}

/** Flips bits and cuts off ends at random, `rounds` times in all, of stores left by kills and by orderly ends. */
export async function damageRounds(rounds: number, seed: number): Promise<DamageTally> {
  const random = seededRandom(seed);
  const tally = { refused: 0, unharmed: 0 };
  const bases = [await damageBase(true, seed), await damageBase(false, seed)];
  for (let round = 0; round < rounds; round++) {
    const base = bases[round % 2]!;
    tally[await openDamaged(base, randomDamage(base, random))]++;
  }
  return tally;
}

/** One to three flipped bits, sixteen bytes of nonsense, a page of zeros, or an end cut off. */
function randomDamage({ files }: DamageBase, random: Random): Damage {
  const below = (n: number) => Math.floor(random.float() * n);
  const present = [...files.keys()];
  const name = present[below(present.length)]!;
  const { length } = files.get(name)!;
  const kind = below(8);
  if (kind === 0) return truncation(name, below(length));
  const at = below(length);
  if (kind === 1) {
    const nonsense = Uint8Array.from({ length: 16 }, () => below(256));
    return changed(`${name} has nonsense at ${at}`, name, (bytes) => {
      bytes.set(nonsense.subarray(0, length - at), at);
    });
  }
  if (kind === 2) {
    const page = at - at % 4096;
    return changed(
      `${name} has zeros at ${page}`,
      name,
      (bytes) => void bytes.fill(0, page, page + 4096),
    );
  }
  const flips = Array.from(
    { length: kind === 3 ? 3 : 1 },
    () => [below(length), below(8)] as const,
  );
  return changed(`${name} is flipped at ${flips.join(" ")}`, name, (bytes) => {
    for (const [at, bit] of flips) bytes[at]! ^= 1 << bit;
  });
}

/** The file ends after `size` bytes. */
export function truncation(name: string, size: number): Damage {
  return {
    title: `${name} is cut off at ${size}`,
    apply: (files) => new Map([...files, [name, files.get(name)!.subarray(0, size)]]),
  };
}

/** Files are gone. */
export function absence(...gone: readonly string[]): Damage {
  return {
    title: `${gone.join(" and ")} gone`,
    apply: (files) => new Map([...files].filter(([name]) => !gone.includes(name))),
  };
}

function changed(title: string, name: string, change: (bytes: Uint8Array) => void): Damage {
  return {
    title,
    apply(files) {
      const bytes = files.get(name)!.slice();
      change(bytes);
      return new Map([...files, [name, bytes]]);
    },
  };
}

function openStore(directory: string): Promise<KvStorage> {
  return openKvStorage(directory, {
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
    lazyFlushMs: 1,
  });
}

async function write(storage: KvStorage, random: Random, count: number): Promise<void> {
  const writes = Array.from({ length: count }, (_, i) => {
    const key = `/object/${Math.floor(random.float() * 60)}`;
    const size = random.float() < 0.05 ? 100_000 : 40 + Math.floor(random.float() * 3000);
    const encode = () => valueOf(String(i), String(size), size);
    if (random.float() < 0.2 && storage.latest(key)) {
      return storage.write({ type: "delete", key, encode });
    }
    return storage.write({ type: "put", key, encode });
  });
  await Promise.all(writes);
}

async function contentOf(storage: KvStorage): Promise<Omit<DamageBase, "files">> {
  const { items } = await storage.list("");
  const seen = new Recorder();
  (await storage.watch("", storage.compacted(), seen))();
  return {
    state: items.map(lineOfItem),
    compacted: storage.compacted(),
    changes: seen.all.map(lineOf),
  };
}

function lineOf({ type, key, revision, value, previous }: Change): string {
  return `${type} ${key}@${revision}=${crc32(value)} after ${previous?.revision}`;
}

function lineOfItem({ key, revision, value }: Stored): string {
  return `${key}@${revision}=${crc32(value)}`;
}

async function checkUnharmed(storage: KvStorage, base: DamageBase, title: string): Promise<void> {
  const { items } = await storage.list("");
  assert.deepEqual(items.map(lineOfItem), base.state, title);
  assert.equal(storage.compacted(), base.compacted, title);
  const seen = new Recorder();
  const end = await storage.watch("", base.compacted, seen).catch((error) => {
    if (error instanceof StorageError && error.code === "Unavailable") return () => {};
    throw error;
  });
  end();
  assert.deepEqual(seen.all.map(lineOf), base.changes.slice(0, seen.all.length), title);
}
