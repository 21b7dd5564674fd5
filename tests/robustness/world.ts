import type { Storage } from "../../control/storage/storage.ts";
import type { History, WatchOperation } from "./history.ts";
import type { Simulation } from "./simulation.ts";
import { type Incarnation, seen, type Subject } from "./subject.ts";

/** The store was killed or closed before it answered. */
export class StoreGone extends Error {
  override readonly name = "StoreGone";
}

/** The store under test through its kills and openings, and what all clients share. */
export class World {
  readonly simulation: Simulation;
  readonly history: History;
  readonly subject: Subject;
  /** Watches that are live. */
  readonly live = new Set<WatchOperation>();
  #now: Incarnation | undefined;
  #isGone = true;
  #isShut = true;
  #gone = Promise.withResolvers<never>();
  #open = Promise.withResolvers<void>();

  constructor(simulation: Simulation, history: History, subject: Subject) {
    this.simulation = simulation;
    this.history = history;
    this.subject = subject;
  }

  /** The store as it is open now. */
  get now(): Incarnation {
    return this.#now!;
  }

  /** The store was killed or closed and is not open again yet. */
  get gone(): boolean {
    return this.#isGone;
  }

  /** Resolves when the store is open. */
  reopened(): Promise<void> {
    return this.#open.promise;
  }

  /** The answer, or `StoreGone` if the store goes first. */
  whileAlive<T>(call: Promise<T>): Promise<T> {
    return Promise.race([call, this.#gone.promise]);
  }

  /** Opens the store and notes what is in it. `orderly`: everything it ever acknowledged must be there. */
  async open(orderly: boolean): Promise<void> {
    this.#gone = Promise.withResolvers<never>();
    this.#gone.promise.catch(() => {});
    const opened = await this.subject.open();
    const items = await everything(opened.storage);
    this.#now = opened;
    this.history.openings.push({ ...this.#sampled(opened), items: items.map(seen), orderly });
    this.#isGone = this.#isShut = false;
    this.#open.resolve();
  }

  /** The process ends now, whatever it was doing. */
  kill(): void {
    this.#end();
    this.now.kill();
  }

  /** Closes the store in order. Its clients are told by errors, and those that wait for more are let go. */
  async close(): Promise<void> {
    const { now } = this;
    this.#shut();
    await now.storage.close();
    this.#end();
    now.kill();
  }

  /** Notes what the store says of itself: a bookmark for every live watch. */
  sample(): void {
    const sample = this.#sampled(this.now);
    this.history.samples.push(sample);
    for (const watch of this.live) {
      if (watch.stopped < Infinity) continue;
      watch.bookmarks.push({ ...sample, initialEventsEnd: false });
    }
  }

  /** From now on clients wait for the next opening before they call. */
  #shut(): void {
    if (this.#isShut) return;
    this.#isShut = true;
    this.#open = Promise.withResolvers<void>();
  }

  #end(): void {
    this.#isGone = true;
    this.#shut();
    const time = this.history.tick();
    for (const watch of this.history.watches) watch.stopped = Math.min(watch.stopped, time);
    this.live.clear();
    this.#gone.reject(new StoreGone("The store is gone"));
  }

  #sampled({ number, storage }: Incarnation) {
    const { history } = this;
    const revision = storage.revision();
    const compacted = storage.compacted();
    return { time: history.tick(), incarnation: number, revision, compacted };
  }
}

async function everything(storage: Storage) {
  const lists = await Promise.all(["/object/", "/lease/"].map((prefix) => storage.list(prefix)));
  return lists.flatMap(({ items }) => items);
}
