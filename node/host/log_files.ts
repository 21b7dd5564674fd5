/** A file that is open for reading, also after it was renamed or removed. */
export interface OpenLogFile {
  /** Tells two files apart that had the same name. */
  readonly id: string;
  size(): Promise<number>;
  /** Bytes from `at`, at most `into.length`; 0 at the end. */
  read(at: number, into: Uint8Array): Promise<number>;
  close(): void;
}

/** Reading of files that others write while we read. */
export interface LogFiles {
  /** Undefined if there is no such file. */
  open(path: string): Promise<OpenLogFile | undefined>;
  /**
   * Calls `onChange` after any change of the files in a directory. Returns what ends that. Throws if the machine can
   * watch no more directories.
   */
  watch(directory: string, onChange: () => void): () => void;
}

/** The machine's files. */
export const denoLogFiles: LogFiles = {
  async open(path) {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    const { dev, ino } = await file.stat();
    return {
      id: `${dev}:${ino}`,
      size: async () => (await file.stat()).size,
      async read(at, into) {
        await file.seek(at, Deno.SeekMode.Start);
        return (await file.read(into)) ?? 0;
      },
      close: () => file.close(),
    };
  },
  watch(directory, onChange) {
    const watcher = Deno.watchFs(directory, { recursive: false });
    const follow = async () => {
      for await (const _ of watcher) onChange();
    };
    // It ends by itself only if the directory goes, which is a change too.
    follow().catch(() => {}).finally(onChange);
    return () => {
      try {
        watcher.close();
      } catch { /* it had ended */ }
    };
  },
};
