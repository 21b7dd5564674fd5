import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../../shared/clock/clock.ts";

/** Pages (of 4 KiB) that may always be free: they are used again soon. */
const SPARE_PAGES = 1024;
/** The share of the file that may be free before some is given back, and that is left free then. */
const MOST_FREE = 1 / 4;
const LEFT_FREE = 1 / 8;
/** How long one step may keep the thread, in milliseconds, and how many pages it takes at first and at most. */
const STEP_MS = 4;
const FIRST_STEP = 16;
const LARGEST_STEP = 512;
/** After so many pages SQLite has to be let copy its write-ahead log into the file, or that grows instead. */
const PAGES_PER_CHECKPOINT = 1000;

/** What `FreeSpace` needs of the store that uses the file. */
export interface FreeSpaceWork {
  /** Calls `step` while nothing is being written to the file, and lets nothing be written until it has resolved. */
  alone(step: () => Promise<void>): Promise<void>;
  /** Commits something small, by which SQLite gets to its own upkeep, in its own thread. */
  commit(): Promise<unknown>;
  /** There is no time left. */
  stopped(): boolean;
}

/**
 * Gives the free pages of a store's file back to the disk while it is in use: so that the file has at most a third more
 * than what it needs and 4 MiB. SQLite moves pages from the end of the file into free ones and cuts it off; in many small
 * transactions, each of which leaves the database whole. The disk has the space when SQLite next copies its write-ahead
 * log, after a thousand pages or at the end.
 */
export class FreeSpace {
  readonly #file: string;
  readonly #clock: Clock;

  /** `file` was made by `createDatabase`; Deno KV has it open. */
  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Looks how much is free, and gives back what is too much. Rejects with SQLite's error; the file is whole then too. */
  async giveBack(work: FreeSpaceWork): Promise<void> {
    const database = new DatabaseSync(this.#file);
    try {
      // Every step is synced by us, outside of this thread, and checkpoints are left to Deno KV's.
      database.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0");
      const total = pragma(database, "page_count");
      if (pragma(database, "freelist_count") > Math.max(SPARE_PAGES, total * MOST_FREE)) {
        await this.#giveBack(database, work);
      }
    } finally {
      database.close();
    }
  }

  async #giveBack(database: DatabaseSync, work: FreeSpaceWork): Promise<void> {
    using log = await Deno.open(`${this.#file}-wal`, { read: true });
    let pages = FIRST_STEP;
    let sinceCheckpoint = 0;
    for (let free = Infinity; !work.stopped();) {
      const left = pragma(database, "freelist_count");
      const enough = Math.max(SPARE_PAGES, pragma(database, "page_count") * LEFT_FREE);
      // It would not shrink if it were not made for that.
      if (left <= enough || left >= free) return;
      free = left;
      const taken = Math.min(pages, left);
      await work.alone(async () => {
        const begun = this.#clock.monotonic();
        database.prepare(`PRAGMA incremental_vacuum(${taken})`).all();
        const took = this.#clock.monotonic() - begun;
        pages = took > STEP_MS ? Math.ceil(pages / 2) : Math.min(pages * 2, LARGEST_STEP);
        await log.syncData();
      });
      sinceCheckpoint += taken;
      if (sinceCheckpoint < PAGES_PER_CHECKPOINT) continue;
      sinceCheckpoint = 0;
      await work.commit();
    }
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
