import { crc32 } from "node:zlib";
import type { Clock, Timer } from "../../../shared/clock/clock.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { Revision } from "../storage.ts";
import { StoreFault } from "./open_error.ts";

/** What is known of a store outside of its database, so that an older state of that is not taken for the newest. */
export interface Mark {
  /** The identity of the store. */
  readonly store: string;
  /** The log covered this revision once: everything up to it was acknowledged. */
  readonly last: Revision | 0;
  /** Since it was opened something was acknowledged, so there is a write-ahead log (which `close` may remove). */
  readonly wal: boolean;
}

/** What an operator writes into the file to go on with what is there, whatever is missing. */
export const ACCEPT = "accept";

/** What can be done about a state that is older than it should be, if there is no backup. */
export function toGoOn(path: string): string {
  return `(to go on with what is there, write the word "${ACCEPT}" into ${path})`;
}

/** Below the size of a sector, so that a power cut leaves the old or the new content. */
const SIZE = 128;

/** Reads a mark; undefined if there is none. Throws a `StoreFault` if it is damaged. */
export async function readMark(path: string): Promise<Mark | typeof ACCEPT | undefined> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  if (text.trim() === "") return undefined;
  if (text.trim() === ACCEPT) return ACCEPT;
  const [, json = "", sum = ""] = text.match(/^(.*) ([0-9a-f]{8}) *\n$/s) ?? [];
  if (sum !== sumOf(json)) {
    const what = `${path}, which says how far the store had come, is damaged`;
    throw new StoreFault("Corrupt", `${what} ${toGoOn(path)}`);
  }
  return JSON.parse(json) as Mark;
}

/** So long after an acknowledgement it is in the mark, in milliseconds: writing it costs as much as a small commit. */
const DELAY_MS = 50;

export interface StoreMarkOptions {
  /** The identity of the store. */
  readonly store: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The mark of a store that is open. It is brought up to date shortly after acknowledgements and synced only at the
 * beginning and the end: up to `DELAY_MS` behind when the process is killed, as far as the kernel's write-back when the
 * power goes, and next to nothing for a flash. It never runs ahead of the database.
 */
export class StoreMark {
  readonly #file: Deno.FsFile;
  readonly #options: StoreMarkOptions;
  #wanted: Revision | 0 = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #begun = false;
  #failed = false;

  constructor(file: Deno.FsFile, options: StoreMarkOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Opens the mark of a store, or makes one durably. `last`: the revision that its log covers. */
  static async open(
    path: string,
    { last, ...options }: StoreMarkOptions & { readonly last: Revision | 0 },
  ): Promise<StoreMark> {
    await writeMark(path, { store: options.store, last, wal: false });
    return new StoreMark(await Deno.open(path, { write: true }), options);
  }

  /** The log on disk covers `last` now, and somebody was told so. Returns at once. */
  note(last: Revision): void {
    this.#wanted = last;
    if (!this.#begun) this.#writing ??= this.#catchUp();
    else {this.#timer ??= this.#options.clock.after(DELAY_MS, () => {
        this.#timer = undefined;
        this.#writing ??= this.#catchUp();
      });}
  }

  /** The store ends orderly, its log covering `last`. Resolves when that is on disk. */
  async close(last: Revision | 0): Promise<void> {
    this.#timer?.cancel();
    while (this.#writing) await this.#writing;
    try {
      await this.#write({ last, wal: false });
      await this.#file.sync();
    } finally {
      this.#file.close();
    }
  }

  async #catchUp(): Promise<void> {
    try {
      for (let last: Revision | 0 = 0; last !== this.#wanted;) {
        last = this.#wanted;
        await this.#write({ last, wal: true });
        // Once: that there is a write-ahead log is then known for sure.
        if (!this.#begun) await this.#file.syncData();
        this.#begun = true;
      }
    } catch (error) {
      // It stays behind, which is all that it may be.
      if (!this.#failed) {
        this.#options.log.error("Could not note how far the store has come", error);
      }
      this.#failed = true;
    }
    this.#writing = undefined;
  }

  #write({ last, wal }: Omit<Mark, "store">): Promise<void> {
    return write(this.#file, { store: this.#options.store, last, wal });
  }
}

/** Writes a mark durably. The store is not open. */
export async function writeMark(path: string, mark: Mark): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
  await write(file, mark);
  await file.sync();
  using directory = await Deno.open(path.slice(0, path.lastIndexOf("/")), { read: true });
  await directory.sync();
}

async function write(file: Deno.FsFile, mark: Mark): Promise<void> {
  const json = JSON.stringify(mark);
  const bytes = new TextEncoder().encode(`${json} ${sumOf(json)}`.padEnd(SIZE - 1) + "\n");
  await file.seek(0, Deno.SeekMode.Start);
  // So few bytes go at once.
  await file.write(bytes);
}

function sumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}
