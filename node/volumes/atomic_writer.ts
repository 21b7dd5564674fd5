import type { Clock } from "../../shared/clock/clock.ts";
import type { FileSystem } from "../host/file_system.ts";

/** One file to be shown in a volume. */
export interface VolumeFile {
  /** Relative, without `..`; may have directories. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface AtomicWriteOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
}

/**
 * Makes `directory` show exactly `content`, all files changing in one moment. As readers of mounted ConfigMaps
 * expect: the files live in a directory of their own, `..data` links to it, and each name links through `..data`,
 * so that turning one link over changes all. Returns whether anything changed.
 */
export async function writeAtomically(
  directory: string,
  content: readonly VolumeFile[],
  { files, clock }: AtomicWriteOptions,
): Promise<boolean> {
  const data = `${directory}/..data`;
  const old = await files.readLink(data);
  if (old !== undefined && await shows(files, `${directory}/${old}`, content)) return false;
  const fresh = await freshName(files, directory, clock);
  await files.makeDirectory(`${directory}/${fresh}`, 0o755);
  for (const file of content) await writeFile(files, `${directory}/${fresh}/${file.path}`, file);
  await files.link(fresh, data);
  await linkNames(files, directory, content);
  if (old !== undefined) await files.remove(`${directory}/${old}`);
  return true;
}

async function writeFile(files: FileSystem, path: string, file: VolumeFile): Promise<void> {
  await files.makeDirectory(path.slice(0, path.lastIndexOf("/")), 0o755);
  await files.write(path, file.content, { mode: file.mode });
  if (file.uid !== undefined || file.gid !== undefined) {
    await files.changeOwner(path, file.uid, file.gid);
  }
}

/** Links every top name that is shown and removes those that no longer are. */
async function linkNames(
  files: FileSystem,
  directory: string,
  content: readonly VolumeFile[],
): Promise<void> {
  const names = new Set(content.map(({ path }) => path.split("/")[0]!));
  for (const name of names) {
    const target = `..data/${name}`;
    if (await files.readLink(`${directory}/${name}`) !== target) {
      await files.link(target, `${directory}/${name}`);
    }
  }
  for (const name of await files.list(directory)) {
    if (!name.startsWith("..") && !names.has(name)) await files.remove(`${directory}/${name}`);
  }
}

/** Whether the directory holds exactly these files already. */
async function shows(
  files: FileSystem,
  directory: string,
  content: readonly VolumeFile[],
): Promise<boolean> {
  const present = await allFiles(files, directory);
  if (present.length !== content.length) return false;
  for (const { path, content: wanted, mode } of content) {
    const info = await files.stat(`${directory}/${path}`);
    if (info?.type !== "file" || info.mode !== mode || info.size !== wanted.length) return false;
    const bytes = await files.read(`${directory}/${path}`);
    if (!bytes || !bytes.every((byte, index) => byte === wanted[index])) return false;
  }
  return true;
}

async function allFiles(files: FileSystem, directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await files.list(directory)) {
    const path = `${directory}/${name}`;
    const info = await files.stat(path);
    if (info?.type === "directory") found.push(...await allFiles(files, path));
    else found.push(path);
  }
  return found;
}

async function freshName(files: FileSystem, directory: string, clock: Clock): Promise<string> {
  const stamp = new Date(clock.now()).toISOString().replace(/[-:T]/g, "_").slice(0, 19);
  for (let serial = 0;; serial++) {
    const name = `..${stamp}.${String(serial).padStart(9, "0")}`;
    if (await files.stat(`${directory}/${name}`) === undefined) return name;
  }
}
