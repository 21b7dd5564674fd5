import type {
  ChangeSink,
  Listing,
  ListOptions,
  Revision,
  Stored,
  TimedStorage,
  Write,
} from "../../control/storage/storage.ts";
import type { ClusterStore } from "../integration/cluster.ts";

/** A store on a disk for a cluster on a fake clock: says while it has something to do. */
export class CountedStorage implements ClusterStore {
  readonly #inner: TimedStorage;
  #underWay = 0;

  constructor(inner: TimedStorage) {
    this.#inner = inner;
  }

  get busy(): boolean {
    return this.#underWay > 0;
  }

  revision = (): Revision => this.#inner.revision();
  compacted = (): Revision => this.#inner.compacted();
  timeOf = (revision: Revision): number | undefined => this.#inner.timeOf(revision);
  revisionAt = (time: number): Revision | undefined => this.#inner.revisionAt(time);
  get = (key: string): Stored | undefined => this.#inner.get(key);
  latest = (key: string): Stored | undefined => this.#inner.latest(key);
  settled = (key: string): Promise<boolean> => this.#counted(this.#inner.settled(key));
  list = (prefix: string, options?: ListOptions): Promise<Listing> =>
    this.#counted(this.#inner.list(prefix, options));
  write = (write: Write): Promise<Stored> => this.#counted(this.#inner.write(write));
  watch = (prefix: string, after: Revision, sink: ChangeSink): Promise<() => void> =>
    this.#counted(this.#inner.watch(prefix, after, sink));
  compact = (revision: Revision): Promise<void> => this.#counted(this.#inner.compact(revision));
  close = (): Promise<void> => this.#inner.close();

  async #counted<T>(work: Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work;
    } finally {
      this.#underWay--;
    }
  }
}
