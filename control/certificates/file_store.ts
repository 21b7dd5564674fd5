/**
 * Where secrets that must outlive the process are kept: a handful of small files under one directory. Names are
 * relative and plain (`ca.crt`). Nothing else in the server reads or writes key material.
 */
export interface FileStore {
  /** The whole text, or undefined if there is no such file. Throws if it cannot be read. */
  read(name: string): Promise<string | undefined>;
  /**
   * Replaces the file as a whole, readable by its owner alone (0600). Resolves when it is on disk; after a crash
   * there is either the old or the new text, never a mixture.
   */
  write(name: string, text: string): Promise<void>;
  exists(name: string): Promise<boolean>;
}

/** Files under `directory`, which is made (0700) by the first write. */
export function directoryFileStore(directory: string): FileStore {
  const path = (name: string) => `${directory}/${plain(name)}`;
  const read = async (name: string) => {
    try {
      return await Deno.readTextFile(path(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new Error(`Cannot read ${name}: ${(error as Error).message}`, { cause: error });
    }
  };
  return {
    read,
    async write(name, text) {
      await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
      const temporary = `${path(name)}.new`;
      // A left-over of a crash may have other permissions: make it anew.
      await Deno.remove(temporary).catch(() => undefined);
      await writeDurably(temporary, text);
      await Deno.rename(temporary, path(name));
      await syncDirectory(directory);
    },
    async exists(name) {
      return await read(name) !== undefined;
    },
  };
}

/** Files that live as long as the value; for tests and simulations. */
export function memoryFileStore(files: Map<string, string> = new Map()): FileStore {
  return {
    read: (name) => Promise.resolve(files.get(plain(name))),
    write(name, text) {
      files.set(plain(name), text);
      return Promise.resolve();
    },
    exists: (name) => Promise.resolve(files.has(plain(name))),
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  await file.sync();
}

async function syncDirectory(directory: string): Promise<void> {
  using handle = await Deno.open(directory, { read: true });
  await handle.sync();
}

function plain(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new Error(`Cannot use file name ${JSON.stringify(name)}: it is not a plain name`);
  }
  return name;
}
