import type { Revision, StorageErrorCode } from "../../control/storage/storage.ts";

/** One key as a client saw it; `value` is what `describe` makes of the bytes. */
export interface Seen {
  readonly key: string;
  readonly revision: Revision;
  readonly value: string;
}

/**
 * One call of a client. Times are ticks of the history's own logical clock, which moves on with every call, return and
 * delivery. `end` is Infinity for what was never answered because the store was killed.
 */
export interface Operation {
  readonly id: number;
  readonly client: number;
  /** Which opening of the store answered: 0, and one more for each restart. */
  readonly incarnation: number;
  readonly call: number;
  end: number;
}

/**
 * How a write ended: `ok`; `refused` for its condition; `failed` because the store could not write, which promises that
 * it never happened; `unknown` if nobody was there to answer.
 */
export type WriteOutcome = "ok" | "refused" | "failed" | "unknown";

export interface WriteOperation extends Operation {
  readonly type: "put" | "delete";
  readonly key: string;
  readonly expected: Revision | 0 | undefined;
  readonly lazy: boolean;
  readonly value: string;
  /** The revision for which the store asked for the bytes. */
  given?: Revision;
  outcome: WriteOutcome;
  /** The revision that was acknowledged. */
  revision?: Revision;
  code?: StorageErrorCode;
}

export interface GetOperation extends Operation {
  readonly key: string;
  found?: Seen | undefined;
}

/** A list, with what the store said of itself when it was called and when it answered. */
export interface ListOperation extends Operation {
  readonly prefix: string;
  readonly at: Revision | undefined;
  readonly after: string | undefined;
  readonly limit: number | undefined;
  readonly revisionAtCall: Revision;
  readonly compactedAtCall: Revision;
  compactedAtEnd?: Revision;
  revision?: Revision;
  items?: readonly Seen[];
  code?: StorageErrorCode;
}

/** What one watch was told of one change. The watch cache speaks in event types, a storage in changes. */
export interface SeenEvent extends Seen {
  readonly type: "put" | "delete" | "ADDED" | "MODIFIED" | "DELETED";
  /** Absent: the watch does not tell. Null: the key held nothing. */
  readonly previous?: Seen | null;
  readonly time: number;
}

/** From here on the watch has been sent everything up to `revision`. */
export interface SeenBookmark {
  readonly revision: Revision;
  readonly time: number;
  readonly initialEventsEnd: boolean;
}

export interface WatchOperation extends Operation {
  readonly prefix: string;
  /** Absent: begins with the state. */
  readonly after: Revision | undefined;
  /** It speaks in event types, as the watch cache does. */
  readonly selects: boolean;
  /** Only values of this group, as a label selector would. */
  readonly group: string | undefined;
  readonly revisionAtCall: Revision;
  readonly compactedAtCall: Revision;
  compactedAtEnd?: Revision;
  code?: StorageErrorCode;
  /** When it was ended by its client or by the store, or died with the store. */
  stopped: number;
  readonly events: SeenEvent[];
  readonly bookmarks: SeenBookmark[];
}

/** What the store said of itself at some moment. */
export interface Sample {
  readonly time: number;
  readonly incarnation: number;
  readonly revision: Revision;
  readonly compacted: Revision;
}

/** The store as it was found when it was opened. */
export interface Opening extends Sample {
  readonly items: readonly Seen[];
  /** It had been closed in order, and could write until then. */
  readonly orderly: boolean;
}

/** Everything that happened in one run, as its clients saw it. */
export class History {
  #time = 0;
  #id = 0;
  readonly writes: WriteOperation[] = [];
  readonly gets: GetOperation[] = [];
  readonly lists: ListOperation[] = [];
  readonly watches: WatchOperation[] = [];
  readonly samples: Sample[] = [];
  readonly openings: Opening[] = [];
  /** Calls that were never answered although the store lived on. */
  readonly stuck: string[] = [];
  /** Some commit was carried out although it was reported as failed. */
  doubtfulCommits = false;

  tick(): number {
    return ++this.#time;
  }

  /** The common part of an operation that is called now. */
  begin(client: number, incarnation: number): Operation {
    return { id: ++this.#id, client, incarnation, call: this.tick(), end: Infinity };
  }
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The bytes of a value that no other write of the run has: an id, the group that selectors look at, and filling. */
export function valueOf(id: string, group: string, size: number): Uint8Array {
  return encoder.encode(`${id} ${group} `.padEnd(size, "."));
}

/** A value in short: its id, group and length. */
export function describe(value: Uint8Array): string {
  const [id = "", group = ""] = decoder.decode(value.subarray(0, 24)).split(" ");
  return `${id} ${group} ${value.length}`;
}

/** The group of a described value. */
export function groupOf(described: string): string {
  return described.split(" ")[1] ?? "";
}
