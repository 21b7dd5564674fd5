import type { Random } from "../../../shared/clock/random.ts";
import type { Medium } from "./layout.ts";
import { loadStore, openError } from "./load.ts";
import { KvOpenError } from "./open_error.ts";
import { KvStorage, type KvStorageOptions } from "./storage.ts";

export interface OpenKvOptions extends KvStorageOptions {
  /** Makes the identity of a new store. */
  readonly random: Random;
}

/** The store's own files inside its directory. */
const STATE = "state.kv";
const LOCK = "state.lock";

/**
 * Opens the store in `directory`, which is made if it is missing; needs permission to read and write it. One process
 * may have it open. Throws `KvOpenError` and leaves everything as it was if the store cannot be used.
 */
export async function openKvStorage(
  directory: string,
  options: OpenKvOptions,
): Promise<KvStorage> {
  const release = await lock(directory);
  let medium: Deno.Kv | undefined;
  try {
    const file = storeFile(directory);
    medium = await Deno.openKv(file);
    // Secrets are in there; the files that belong to it take over its mode.
    await Deno.chmod(file, 0o600);
    return await openKvMedium(medium, { ...options, place: directory, release });
  } catch (error) {
    medium?.close();
    release();
    throw openError(error, directory);
  }
}

/** The one file that all of a store is in (SQLite's own beside it aside). */
export function storeFile(directory: string): string {
  return `${directory}/${STATE}`;
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
  const { place, log, random, release } = options;
  const loaded = await loadStore(medium, { place, log, newId: () => random.uuid() });
  return new KvStorage({ medium, loaded, release }, options);
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
