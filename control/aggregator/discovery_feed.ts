import type { Clock } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { WorkQueue } from "../../shared/workqueue/work_queue.ts";
import type { RemoteApi } from "./remote_api.ts";
import { askDiscovery, type RemoteVersion, type ResourceDiscovery } from "./remote_discovery.ts";

/** How often a server is asked again for what it has. */
const refreshMs = 60_000;
const firstRetryMs = 500;

interface Known {
  readonly api: RemoteApi;
  resources: readonly ResourceDiscovery[];
  freshness: RemoteVersion["freshness"];
}

/** What remote groups have, kept as fresh as their servers let it be. */
export class DiscoveryFeed {
  readonly #known = new Map<string, Known>();
  readonly #queue: WorkQueue;
  readonly #log: Log;
  #generation = 0;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#log = log;
    this.#queue = new WorkQueue(clock, { baseMs: firstRetryMs, maxMs: refreshMs });
    void this.#work();
  }

  /** Counts changes, so that documents know when they are out of date. */
  get generation(): number {
    return this.#generation;
  }

  /** Every remote group and version, also those that nothing is known of yet. */
  versions(): readonly RemoteVersion[] {
    return this.#known.values().map(({ api, resources, freshness }) => ({
      group: api.group,
      version: api.version,
      groupPriority: api.service.spec?.groupPriorityMinimum ?? 0,
      versionPriority: api.service.spec?.versionPriority ?? 0,
      resources,
      freshness,
    })).toArray();
  }

  /** Begins to publish what an APIService's server has. */
  add(name: string, api: RemoteApi): void {
    this.#known.set(name, { api, resources: [], freshness: "Stale" });
    this.#generation++;
    this.refresh(name);
  }

  remove(name: string): void {
    this.#known.delete(name);
    this.#generation++;
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
      const known = this.#known.get(name);
      if (known) await this.#ask(name, known);
      this.#queue.done(name);
    }
  }

  async #ask(name: string, known: Known): Promise<void> {
    const { api } = known;
    try {
      if (!api.isAvailable) throw new Error("the server is not available");
      const found = await askDiscovery(api);
      this.#set(known, found.get(`${api.group}/${api.version}`) ?? [], "Current");
      this.#queue.forget(name);
      this.#queue.add(name, refreshMs);
    } catch (error) {
      this.#log.debug("Discovery of an extension server failed", {
        name,
        error: (error as Error).message,
      });
      this.#set(known, known.resources, "Stale");
      this.#queue.retry(name);
    }
  }

  #set(
    known: Known,
    resources: readonly ResourceDiscovery[],
    freshness: Known["freshness"],
  ): void {
    const same = known.freshness === freshness &&
      JSON.stringify(known.resources) === JSON.stringify(resources);
    if (same) return;
    Object.assign(known, { resources, freshness });
    this.#generation++;
  }
}
