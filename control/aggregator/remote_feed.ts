import type { Clock } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { sameJson } from "../../shared/schema/same_json.ts";
import { WorkQueue } from "../../shared/workqueue/work_queue.ts";
import type { RemoteApi } from "./remote_api.ts";

export interface RemoteFeedOptions<T> {
  /** For the log. */
  readonly what: string;
  /** Asks a server; `known` is what it said last, which is the answer if nothing has changed. */
  readonly ask: (api: RemoteApi, known: T | undefined) => Promise<T>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What one server said last. */
export interface Fed<T> {
  readonly api: RemoteApi;
  /** Undefined: it has not answered yet. */
  readonly value: T | undefined;
  /** Whether it answered when it was asked last. */
  readonly isFresh: boolean;
}

/** How often a server is asked again. */
const refreshMs = 60_000;
const firstRetryMs = 500;

/** Something that every remote API says of itself, kept as fresh as the servers let it be. */
export class RemoteFeed<T> {
  readonly #fed = new Map<string, Fed<T>>();
  readonly #options: RemoteFeedOptions<T>;
  readonly #queue: WorkQueue;
  #generation = 0;

  constructor(options: RemoteFeedOptions<T>) {
    this.#options = options;
    this.#queue = new WorkQueue(options.clock, { baseMs: firstRetryMs, maxMs: refreshMs });
    void this.#work();
  }

  /** Counts changes, so that documents know when they are out of date. */
  get generation(): number {
    return this.#generation;
  }

  /** Every remote API, also those that nothing is known of yet. */
  all(): readonly Fed<T>[] {
    return [...this.#fed.values()];
  }

  add(name: string, api: RemoteApi): void {
    this.#fed.set(name, { api, value: undefined, isFresh: false });
    this.#generation++;
    this.refresh(name);
  }

  remove(name: string): void {
    if (this.#fed.delete(name)) this.#generation++;
  }

  /** Asks a server soon. */
  refresh(name: string): void {
    this.#queue.add(name);
  }

  stop(): void {
    this.#queue.stop();
  }

  async #work(): Promise<void> {
    for (let name = await this.#queue.next(); name !== undefined; name = await this.#queue.next()) {
      const fed = this.#fed.get(name);
      if (fed) await this.#ask(name, fed);
      this.#queue.done(name);
    }
  }

  async #ask(name: string, fed: Fed<T>): Promise<void> {
    const { ask, log, what } = this.#options;
    const { api, value } = fed;
    try {
      if (!api.isAvailable) throw new Error("the server is not available");
      this.#set(name, fed, { api, value: await ask(api, value), isFresh: true });
      this.#queue.forget(name);
      this.#queue.add(name, refreshMs);
    } catch (error) {
      log.debug("Extension server not asked", { name, what, error: (error as Error).message });
      this.#set(name, fed, { api, value, isFresh: false });
      this.#queue.retry(name);
    }
  }

  #set(name: string, old: Fed<T>, next: Fed<T>): void {
    // The APIService may have gone, or another server taken its place, in the meantime.
    if (this.#fed.get(name) !== old) return;
    if (old.isFresh === next.isFresh && sameJson(old.value, next.value)) return;
    this.#fed.set(name, next);
    this.#generation++;
  }
}
