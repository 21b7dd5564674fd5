/** What `stat` tells. Times are wall-clock milliseconds. */
export interface FileInfo {
  readonly type: "file" | "directory" | "symlink" | "socket" | "block" | "char" | "other";
  readonly size: number;
  /** Permission bits only, e.g. 0o644. */
  readonly mode: number;
  readonly modified: number;
}

export interface WriteFileOptions {
  /** Permission bits; default 0o600, whatever the umask. */
  readonly mode?: number;
}

/** Space and inodes of the file system that holds a path, in bytes and counts. */
export interface FileSystemUsage {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly totalInodes: number;
  readonly freeInodes: number;
}

/**
 * The node's files, as far as volumes, networks and the kubelet need them. Paths are absolute. A method rejects
 * with the platform's error (`Deno.errors.*`); those that say so treat an absent file as an answer, not an error.
 * More than five methods because files are one thing; every method is one system call or an atomic group of them.
 */
export interface FileSystem {
  /** Undefined if there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Up to `limit` bytes from the end; undefined if there is no such file. */
  readTail(path: string, limit: number): Promise<Uint8Array | undefined>;
  /** Replaces the file as a whole: readers see the old or the new content, also after a power cut. */
  write(path: string, content: Uint8Array | string, options?: WriteFileOptions): Promise<void>;
  /** Writes in place: for kernel files (`/proc/sys/…`) and for files that are bind-mounted. */
  overwrite(path: string, content: string): Promise<void>;
  /** Creates the directory and its parents; the last one gets `mode`. Fine if it is there already. */
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** Removes a file, link or whole tree. Fine if it is not there. Never follows links. */
  remove(path: string): Promise<void>;
  /** Removes one empty directory. False if it is not there, not empty or busy. */
  removeDirectory(path: string): Promise<boolean>;
  /** Names in a directory, sorted; empty if it is not there. */
  list(path: string): Promise<string[]>;
  /** Does not follow a link at the end of the path; undefined if there is nothing. */
  stat(path: string): Promise<FileInfo | undefined>;
  /** The path with every link resolved; undefined if there is nothing. */
  realPath(path: string): Promise<string | undefined>;
  readLink(path: string): Promise<string | undefined>;
  /** Makes `path` a link to `target` in one step, replacing what is there. */
  link(target: string, path: string): Promise<void>;
  changeMode(path: string, mode: number): Promise<void>;
  /** `undefined` leaves that id as it is. */
  changeOwner(path: string, uid: number | undefined, gid: number | undefined): Promise<void>;
  usage(path: string): Promise<FileSystemUsage>;
}

/** A file's text, or undefined if there is no such file. */
export async function readText(files: FileSystem, path: string): Promise<string | undefined> {
  const bytes = await files.read(path);
  return bytes && new TextDecoder().decode(bytes);
}

/** A JSON file's value, or undefined if there is none or it is torn: callers rebuild what they cached. */
export async function readJson<T>(files: FileSystem, path: string): Promise<T | undefined> {
  const text = await readText(files, path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
