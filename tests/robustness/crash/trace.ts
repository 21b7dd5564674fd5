/** What a traced store did, in order. `since`: how many writes a sync covers. */
export type Call =
  | {
    readonly type: "write";
    readonly file: string;
    readonly at: number;
    readonly bytes: Uint8Array;
  }
  | { readonly type: "truncate"; readonly file: string; readonly size: number }
  | { readonly type: "sync"; readonly file: string; readonly since: number }
  /** Something went to stdout. */
  | { readonly type: "say"; readonly bytes: Uint8Array };

/** The store's files that matter after a power cut; its shared memory is made anew. */
const names = /(state\.(?:kv|kv-wal|mark))$/;

/** Reads what `strace -f -xx` wrote. A call that is cut in two by another thread counts as made when it began. */
export async function readTrace(path: string): Promise<Call[]> {
  const reader = new TraceReader();
  const file = await Deno.open(path);
  let rest = "";
  for await (const chunk of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) reader.take(line);
  }
  return reader.calls;
}

class TraceReader {
  readonly calls: Call[] = [];
  /** The store's files by descriptor. */
  readonly #open = new Map<string, string>();
  /** Of each thread: the beginning of the call that another thread cut in two. */
  readonly #begun = new Map<string, string>();
  /** Of each file: the writes since the last sync, and how many of them a sync under way covers. */
  readonly #unsynced = new Map<string, number>();
  readonly #syncing = new Map<string, number>();

  take(line: string): void {
    const [, thread = "", text = ""] = line.match(/^(\d+)\s+(.*)$/s) ?? [];
    if (text.endsWith("<unfinished ...>")) {
      this.#begun.set(thread, text);
      this.#begin(text, thread);
    } else if (text.startsWith("<... ")) {
      this.#end(this.#begun.get(thread) ?? "", text, thread);
      this.#begun.delete(thread);
    } else {
      this.#begin(text, thread);
      this.#end(text, text, thread);
    }
  }

  #begin(text: string, thread: string): void {
    const [, name, descriptor = ""] = text.match(/^(\w+)\((-?\w+)/) ?? [];
    if (name === "write" && descriptor === "1") {
      this.calls.push({ type: "say", bytes: bytesOf(text) });
    }
    const file = this.#open.get(descriptor);
    if (file === undefined) return;
    const count = this.#unsynced.get(file) ?? 0;
    if (name === "pwrite64" || name === "write") {
      // Only the mark is written to without a position, and always from its beginning.
      const at = Number(text.match(/", \d+, (\d+)/)?.[1] ?? 0);
      this.calls.push({ type: "write", file, at, bytes: bytesOf(text) });
      this.#unsynced.set(file, count + 1);
    } else if (name === "ftruncate") {
      this.calls.push({ type: "truncate", file, size: Number(text.match(/, (\d+)/)?.[1]) });
      this.#unsynced.set(file, count + 1);
    } else if (name?.endsWith("sync")) this.#syncing.set(thread, count);
    else if (name === "close") this.#open.delete(descriptor);
  }

  #end(began: string, text: string, thread: string): void {
    const result = text.match(/= (-?\d+)/)?.[1];
    const [, name, descriptor = ""] = began.match(/^(\w+)\((-?\w+)/) ?? [];
    if (name === "openat" && result !== undefined) {
      const path = new TextDecoder().decode(bytesOf(began));
      const file = path.match(names)?.[1];
      if (file !== undefined) this.#open.set(result, file);
    }
    const file = this.#open.get(descriptor);
    if (name === "fcntl" && file !== undefined && /F_DUPFD/.test(began) && result !== undefined) {
      this.#open.set(result, file);
    }
    const since = this.#syncing.get(thread);
    if (file === undefined || since === undefined || !name?.endsWith("sync")) return;
    this.#syncing.delete(thread);
    this.calls.push({ type: "sync", file, since });
    this.#unsynced.set(file, (this.#unsynced.get(file) ?? 0) - since);
  }
}

/** The first text of a call, of which strace writes every byte as \xNN. */
function bytesOf(text: string): Uint8Array {
  const begin = text.indexOf('"') + 1;
  const end = text.indexOf('"', begin);
  return Uint8Array.fromHex(text.slice(begin, end).replaceAll("\\x", ""));
}
