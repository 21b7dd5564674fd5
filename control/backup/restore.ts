import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";
import { directoryFileStore } from "../certificates/file_store.ts";
import { fillKvStorage } from "../storage/kv/fill.ts";
import { openKvStorage } from "../storage/kv/open.ts";
import type { Revision, Stored } from "../storage/storage.ts";
import { type BackupFileOptions, openBackup } from "./backup_file.ts";
import type { BackupRecord, Manifest } from "./records.ts";
import { leap } from "./revision_leap.ts";

export interface RestoreOptions extends BackupFileOptions {
  /** Absolute; the data directory of a server. Missing or empty. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** What was restored. */
export interface Restored {
  readonly manifest: Manifest;
  /** Wall-clock milliseconds. */
  readonly created: number;
  /** The server's revisions go on after this one. */
  readonly revision: Revision;
  /** The configuration file that gives the server the settings it had. */
  readonly settingsFile: string;
}

const SETTINGS = "settings.yaml";
const LOCK = "restore.lock";

/**
 * Makes a server's data directory of a backup. All of it is made beside the directory and takes its name when it is
 * complete, checked and on disk: a crash before leaves the directory as it was (and what is left beside it is cleared by
 * the next restore). The server makes what names the machine when it starts: its serving certificate, admin.kubeconfig.
 * Throws `BackupError` or one clear sentence.
 */
export async function restoreBackup(
  file: AsyncIterable<Uint8Array>,
  options: RestoreOptions,
): Promise<Restored> {
  const { directory } = options;
  await refuseContent(directory);
  const workplace = `${directory}.restoring`;
  const lock = await takeWorkplace(workplace);
  try {
    const restored = await build(file, workplace, options);
    await syncTree(workplace);
    await publish(workplace, directory);
    // Not before: until then it keeps another restore from clearing what is here.
    await Deno.remove(`${directory}/${LOCK}`);
    return { ...restored, settingsFile: `${directory}/${SETTINGS}` };
  } catch (error) {
    await Deno.remove(workplace, { recursive: true }).catch(() => undefined);
    throw error;
  } finally {
    lock.close();
  }
}

async function build(
  file: AsyncIterable<Uint8Array>,
  workplace: string,
  { passphrase, clock, random }: RestoreOptions,
): Promise<Omit<Restored, "settingsFile">> {
  const { head, records } = await openBackup(file, { passphrase });
  const split = new SplitRecords(records);
  const manifest = await split.manifest();
  const revision = leap(manifest.revision, clock.now() - head.created);
  const store = `${workplace}/store`;
  await fillKvStorage(store, split.objects(), { revision, random });
  const certificates = directoryFileStore(`${workplace}/certificates`);
  for await (const { name, text } of split.files()) await certificates.write(name, text);
  await directoryFileStore(workplace).write(SETTINGS, settingsText(manifest.settings));
  await checkStore(store, { objects: manifest.objects, revision, clock, random });
  return { manifest, created: head.created, revision };
}

/** The three sorts of records, each read when the ones before are. */
class SplitRecords {
  readonly #iterator: AsyncIterator<BackupRecord>;
  #next: BackupRecord | undefined;

  constructor(records: AsyncIterable<BackupRecord>) {
    this.#iterator = records[Symbol.asyncIterator]();
  }

  async manifest(): Promise<Manifest> {
    const first = await this.#read();
    if (first?.type !== "manifest") {
      throw new TypeError("A checked backup begins with its manifest");
    }
    await this.#read();
    return first.manifest;
  }

  async *objects(): AsyncGenerator<Stored> {
    for (; this.#next?.type === "object"; await this.#read()) yield this.#next.object;
  }

  async *files(): AsyncGenerator<{ readonly name: string; readonly text: string }> {
    for (; this.#next?.type === "file"; await this.#read()) yield this.#next;
  }

  async #read(): Promise<BackupRecord | undefined> {
    const { value, done } = await this.#iterator.next();
    return this.#next = done ? undefined : value;
  }
}

/** It opens, and holds what it should. */
async function checkStore(
  directory: string,
  { objects, revision, ...options }: {
    readonly objects: number;
    readonly revision: Revision;
    readonly clock: Clock;
    readonly random: Random;
  },
): Promise<void> {
  const storage = await openKvStorage(directory, { ...options, log: silentLog });
  try {
    const { items } = await storage.list("");
    if (items.length !== objects || storage.revision() !== revision) {
      throw new Error("Cannot restore: the disk does not give back what was written to it");
    }
  } finally {
    await storage.close();
  }
}

function settingsText(settings: Manifest["settings"]): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return ["# The settings that this cluster was made with.", ...lines, ""].join("\n");
}

async function refuseContent(directory: string): Promise<void> {
  try {
    for await (const _ of Deno.readDir(directory)) {
      throw new Error(`Cannot restore into ${directory}: it is not empty`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
}

/** An empty directory that is nobody else's while the returned file is open. */
async function takeWorkplace(path: string): Promise<Deno.FsFile> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  const lock = await Deno.open(`${path}/${LOCK}`, { create: true, write: true, mode: 0o600 });
  if (!await lock.tryLock(true)) {
    lock.close();
    throw new Error(`Cannot restore: another restore is at work in ${path}`);
  }
  for await (const { name } of Deno.readDir(path)) {
    if (name !== LOCK) await Deno.remove(`${path}/${name}`, { recursive: true });
  }
  return lock;
}

async function publish(workplace: string, directory: string): Promise<void> {
  try {
    await Deno.rename(workplace, directory);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    const why = code === "EBUSY" || code === "EXDEV"
      ? "it is a mount point; name a directory below it"
      : code === "ENOTEMPTY"
      ? "it is not empty any more"
      : message;
    throw new Error(`Cannot restore into ${directory}: ${why}`, { cause: error });
  }
  await sync(directory.slice(0, directory.lastIndexOf("/")) || "/");
}

/** Every file and directory below `path`, and itself. */
async function syncTree(path: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) await syncTree(`${path}/${name}`);
    else await sync(`${path}/${name}`);
  }
  await sync(path);
}

async function sync(path: string): Promise<void> {
  using handle = await Deno.open(path, { read: true });
  await handle.sync();
}
