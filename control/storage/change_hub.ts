import type { Change, ChangeSink, Revision, StorageError } from "./storage.ts";

interface Watcher {
  readonly prefix: string;
  readonly after: Revision;
  readonly sink: ChangeSink;
}

/** Hands each batch of changes to everybody who watches a prefix of it, in the same order to all. */
export class ChangeHub {
  readonly #watchers = new Set<Watcher>();
  /** Batches published from within a sink wait here, so that no sink sees them before their predecessors. */
  readonly #queue: (readonly Change[])[] = [];
  #publishing = false;

  /** Adds a watcher that has seen everything up to `after`; the returned function removes it, also from within a sink. */
  add(prefix: string, after: Revision, sink: ChangeSink): () => void {
    const watcher = { prefix, after, sink };
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Called with changes that readers may see from now on, in the order of revisions. */
  publish(batch: readonly Change[]): void {
    this.#queue.push(batch);
    if (this.#publishing) return;
    this.#publishing = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#send(next);
    } finally {
      this.#publishing = false;
    }
  }

  /** Tells every watcher that nothing more will come. */
  close(error: StorageError): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const { sink } of watchers) sink.closed(error);
  }

  #send(batch: readonly Change[]): void {
    for (const watcher of [...this.#watchers]) {
      if (!this.#watchers.has(watcher)) continue;
      // A watcher that came while this batch was queued has read it from the history already.
      const unseen = batch[0]!.revision > watcher.after
        ? batch
        : batch.filter((change) => change.revision > watcher.after);
      const own = under(watcher.prefix, unseen);
      if (own.length > 0) watcher.sink.changes(own);
    }
  }
}

/** The changes of keys that start with `prefix`. */
export function under(prefix: string, batch: readonly Change[]): readonly Change[] {
  return prefix === "" ? batch : batch.filter((change) => change.key.startsWith(prefix));
}
