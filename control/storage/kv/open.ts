import type { Random } from "../../../shared/clock/random.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { Revision } from "../storage.ts";
import { plainCodec } from "../value_codec.ts";
import { checkDatabase, createDatabase, remakeDatabase } from "./database.ts";
import { FreeSpace } from "./free_space.ts";
import { compactedKey, headKey, type Medium, reservedKey, revisionBytes } from "./layout.ts";
import { headText, type LoadedStore, loadStore } from "./load.ts";
import { ACCEPT, type Mark, readMark, StoreMark, toGoOn, writeMark } from "./mark.ts";
import { KvOpenError, openError, StoreFault } from "./open_error.ts";
import { KvStorage, type KvStorageOptions } from "./storage.ts";
import { walFault } from "./wal.ts";

export interface OpenKvOptions extends KvStorageOptions {
  /** Makes the identity of a new store. */
  readonly random: Random;
}

/** The store's own files inside its directory. */
const STATE = "state.kv";
const WAL = "state.kv-wal";
const MARK = "state.mark";
const LOCK = "state.lock";

/**
 * So many revisions are skipped when an operator accepts a state that is known to be older than another one, of which
 * nothing else is known: what was handed out then must not be handed out again for something else.
 */
const LEAP = 1_000_000_000;

/**
 * Opens the store in `directory`, which is made if it is missing; needs permission to read and write it. One process
 * may have it open. Throws `KvOpenError` and leaves everything as it was if the store cannot be used, which is also so
 * if it is not what was acknowledged last (designs/005-damage-and-space.md).
 */
export async function openKvStorage(
  directory: string,
  options: OpenKvOptions,
): Promise<KvStorage> {
  const release = await lock(directory);
  const path = markFile(directory);
  let medium: Deno.Kv | undefined;
  let known: Mark | typeof ACCEPT | undefined;
  try {
    const file = storeFile(directory);
    known = await readMark(path);
    await checkFiles(directory, known);
    if (known === undefined) remake(file, options.log);
    medium = await Deno.openKv(file);
    // Secrets are in there; the files that belong to it take over its mode.
    await Deno.chmod(file, 0o600);
    const loaded = await loadKnown(medium, known, { ...options, place: directory });
    const { id: store, end: last } = loaded;
    const mark = await StoreMark.open(path, { store, last, ...options });
    if (loaded.outdated) await settleFormat(medium, store);
    const space = new FreeSpace(file, options.clock);
    return new KvStorage({ medium, loaded, release, mark, space }, options);
  } catch (error) {
    if (medium) await giveBack(medium, { path, known, log: options.log });
    release();
    throw openError(error, directory);
  }
}

/** Before format 3 there was no mark, and the file kept the size it once had. */
function remake(file: string, log: Log): void {
  try {
    remakeDatabase(file);
  } catch (error) {
    log.warn("The store's file cannot be made to shrink", { error: String(error) });
  }
}

/** Closes the database of a store that cannot be used. SQLite then removes the log whose absence would tell. */
async function giveBack(medium: Deno.Kv, { path, known, log }: {
  readonly path: string;
  readonly known: Mark | typeof ACCEPT | undefined;
  readonly log: Log;
}): Promise<void> {
  try {
    if (typeof known === "object" && known.wal) await writeMark(path, { ...known, wal: false });
    medium.close();
  } catch (error) {
    // Left to the end of the process, which leaves the files alone.
    log.error("Could not close the store after it could not be opened", error);
  }
}

/** The database that a store is in. */
export function storeFile(directory: string): string {
  return `${directory}/${STATE}`;
}

/** What says how far a store had come; it goes wherever the database goes. */
export function markFile(directory: string): string {
  return `${directory}/${MARK}`;
}

export interface OpenMediumOptions extends OpenKvOptions {
  /** Names the store in errors. */
  readonly place: string;
  readonly release: () => void;
}

/** Opens the store on a medium that is open already and nobody else's. Throws `KvOpenError`. */
export async function openKvMedium(
  medium: Medium,
  options: OpenMediumOptions,
): Promise<KvStorage> {
  const loaded = await read(medium, options);
  if (loaded.outdated) await settleFormat(medium, loaded.id);
  return new KvStorage({ medium, loaded, release: options.release }, options);
}

/** Looks at the files before anything opens them, which could change them. Makes the database of a new store. */
async function checkFiles(
  directory: string,
  mark: Mark | typeof ACCEPT | undefined,
): Promise<void> {
  const file = storeFile(directory);
  const size = await sizeOf(file);
  const walSize = await sizeOf(`${directory}/${WAL}`) ?? 0;
  if (!size) {
    const what = size === undefined ? "is missing" : "is empty";
    if (mark !== undefined || walSize > 0) throw new StoreFault("Corrupt", `${file} ${what}`);
    return createDatabase(file);
  }
  // SQLite would make do with reading, and refuse every write.
  for (const path of walSize > 0 ? [file, `${directory}/${WAL}`] : [file]) {
    (await Deno.open(path, { read: true, write: true })).close();
  }
  if (mark !== ACCEPT) {
    if (mark?.wal && walSize === 0) {
      throw lost(directory, `${WAL} is gone, and with it writes that were acknowledged`);
    }
    const fault = walSize > 0 && walFault(await Deno.readFile(`${directory}/${WAL}`));
    if (fault) {
      throw lost(directory, `${WAL} is damaged (${fault}), and acknowledged writes with it`);
    }
  }
  checkDatabase(file);
}

async function loadKnown(
  medium: Medium,
  mark: Mark | typeof ACCEPT | undefined,
  options: OpenKvOptions & { readonly place: string },
): Promise<LoadedStore> {
  const { place } = options;
  const loaded = await read(medium, options);
  if (mark === ACCEPT) return await leap(medium, loaded, options);
  if (mark === undefined) {
    // There was none before format 3, and there is none where making the store was interrupted.
    if (loaded.end === 0 || loaded.outdated) return loaded;
    throw lost(place, `${MARK}, which says how far it had come, is missing`);
  }
  if (mark.store !== loaded.id) throw lost(place, `${MARK} belongs to another store`);
  if (mark.last > loaded.end) {
    throw lost(
      place,
      `it ends with revision ${loaded.end}, and revision ${mark.last} had been acknowledged`,
    );
  }
  return loaded;
}

/** What was in an older format says that it is in this one, now that everything else is. */
async function settleFormat(medium: Medium, store: string): Promise<void> {
  await medium.atomic().set(headKey, headText(store)).commit();
}

/** Begins anew above all revisions that may have been given: who watched before has to list again. */
async function leap(
  medium: Medium,
  loaded: LoadedStore,
  options: OpenKvOptions & { readonly place: string },
): Promise<LoadedStore> {
  const next = revisionBytes(loaded.revision + LEAP as Revision);
  await medium.atomic().set(compactedKey, next).set(reservedKey, next).commit();
  options.log.warn("Went on with a store that may lack acknowledged writes, as it was told to", {
    revision: loaded.end,
  });
  return await read(medium, options);
}

function lost(directory: string, what: string): StoreFault {
  return new StoreFault("Corrupt", `${what} ${toGoOn(`${directory}/${MARK}`)}`);
}

function read(
  medium: Medium,
  { place, log, random, codec = plainCodec }: OpenKvOptions & { readonly place: string },
): Promise<LoadedStore> {
  return loadStore(medium, { place, log, codec, newId: () => random.uuid() });
}

/** undefined: there is no such file. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Takes the directory for this process. The kernel lets go of it when the process ends, however it ends. */
async function lock(directory: string): Promise<() => void> {
  let file: Deno.FsFile | undefined;
  try {
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    file = await Deno.open(`${directory}/${LOCK}`, { create: true, write: true, mode: 0o600 });
    if (await file.tryLock(true)) {
      const held = file;
      return () => held.close();
    }
  } catch (error) {
    file?.close();
    throw openError(error, directory);
  }
  file.close();
  throw new KvOpenError("Locked", directory, "another process has it open");
}
