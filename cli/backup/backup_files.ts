import { BackupError } from "../../control/backup/backup_error.ts";

/** Passphrases that short are found by trying. */
const SHORTEST = 12;
const LONGEST = 4096;

/** The first line of a passphrase file, which is never shown. Throws one clear sentence. */
export async function readPassphrase(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = await Deno.readTextFile(path).catch((error) => {
    throw new Error(`Cannot read ${path}: ${reasonOf(error)}`);
  });
  const passphrase = text.split(/\r?\n/, 1)[0]!;
  if (passphrase.length < SHORTEST || passphrase.length > LONGEST) {
    throw new Error(
      `Cannot use ${path}: its first line must have ${SHORTEST} to ${LONGEST} characters`,
    );
  }
  return passphrase;
}

/** Reads a backup file with `use`; what is wrong with it is said with its name. */
export async function withBackupFile<T>(
  path: string,
  use: (file: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const file = await Deno.open(path).catch((error) => {
    throw new Error(`Cannot read ${path}: ${reasonOf(error)}`);
  });
  try {
    return await use(file.readable);
  } catch (error) {
    if (error instanceof BackupError) throw new Error(`Cannot use ${path}: ${error.message}`);
    throw error;
  }
}

/**
 * Writes a new file (of an absolute path), readable by its owner alone, as a whole: under its name there is all of it, on disk, or nothing.
 * Resolves to its size in bytes.
 */
export async function writeWhole(path: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  await refuseExisting(path);
  const temporary = `${path}.partial`;
  await Deno.remove(temporary).catch(() => undefined);
  try {
    const size = await writeSynced(temporary, bytes);
    await refuseExisting(path);
    await Deno.rename(temporary, path);
    using directory = await Deno.open(path.slice(0, path.lastIndexOf("/")) || "/", { read: true });
    await directory.sync();
    return size;
  } catch (error) {
    await Deno.remove(temporary).catch(() => undefined);
    throw error;
  }
}

/** Throws if there is something of that name. */
export async function refuseExisting(path: string): Promise<void> {
  const there = await Deno.lstat(path).catch(() => undefined);
  if (there) throw new Error(`Cannot write ${path}: it exists already`);
}

async function writeSynced(path: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  let size = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    size += chunk.length;
  }
  await file.sync();
  return size;
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  return (error as Error).message;
}
