import type { Clock } from "../../../shared/clock/clock.ts";
import { type Change, type Revision, type Storage, StorageError } from "../storage.ts";
import type { ResourceCache, ResourceCacheOptions } from "./cache.ts";
import { CachedResource } from "./cached_resource.ts";
import type { ObjectChange } from "./event.ts";
import { Progress } from "./progress.ts";

export interface WatchCacheOptions {
  readonly clock: Clock;
  /** Past changes kept in memory per resource. Default 4,096. */
  readonly historyEvents?: number;
  /** Bytes of past values kept in memory per resource. Default 4 MiB. */
  readonly historyBytes?: number;
}

/**
 * Every object of a storage, in memory, by resource: reads and watches are answered from here and never touch the
 * disk. It follows the storage through one watch; a write's change is in the cache, and with every watch, before the
 * writer is answered.
 */
export class WatchCache {
  readonly #storage: Storage;
  readonly #progress: Progress;
  readonly #limits: { readonly events: number; readonly bytes: number };
  readonly #resources = new Map<string, CachedResource>();
  /** How many slashes the resources' prefixes have, most first: where to cut a key to find its resource. */
  #depths: readonly number[] = [];
  #endWatch: (() => void) | undefined;
  #ended: StorageError | undefined;

  constructor(storage: Storage, options: WatchCacheOptions) {
    this.#storage = storage;
    this.#progress = new Progress(storage.revision(), options.clock);
    this.#limits = {
      events: options.historyEvents ?? 4096,
      bytes: options.historyBytes ?? 4 * 1024 * 1024,
    };
  }

  /** The newest revision that all resources have taken in and all watches have been sent. */
  get revision(): Revision {
    return this.#progress.revision;
  }

  /** Begins to follow the storage; resolves when every resource asked for so far is loaded. Called once. */
  async start(): Promise<void> {
    const after = this.#storage.revision();
    this.#endWatch = await this.#storage.watch("", after, {
      changes: (batch) => this.#take(batch),
      closed: (error) => this.#end(error),
    });
    this.#progress.advance(after);
    await Promise.all([...this.#resources.values()].map((resource) => resource.load()));
  }

  /**
   * The cache of one resource, also for a resource that comes later (a CustomResourceDefinition). Calling it again
   * with the same prefix returns the same cache. Prefixes must not contain one another.
   */
  resource(options: ResourceCacheOptions): ResourceCache {
    const known = this.#resources.get(options.prefix);
    if (known) return known;
    const resource = new CachedResource(options, {
      storage: this.#storage,
      progress: this.#progress,
      limits: this.#limits,
    });
    this.#resources.set(options.prefix, resource);
    const depths = [...this.#resources.keys()].map((prefix) => prefix.split("/").length - 1);
    this.#depths = [...new Set(depths)].sort((a, b) => b - a);
    if (this.#ended) resource.end(this.#ended);
    // A failure to load is told to whoever asks for the objects.
    else if (this.#endWatch) resource.load().catch(() => {});
    return resource;
  }

  /** Forgets a resource that is no longer served; its watches end with `Closed`. */
  remove(prefix: string): void {
    this.#resources.get(prefix)?.end(new StorageError("Closed", prefix));
    this.#resources.delete(prefix);
  }

  /** Stops following the storage and ends all watches with `Closed`. */
  stop(): void {
    this.#endWatch?.();
    this.#end(new StorageError("Closed", ""));
  }

  #take(batch: readonly Change[]): void {
    const parts = new Map<CachedResource, Change[]>();
    for (const change of batch) {
      const resource = this.#resourceOf(change.key);
      if (!resource) continue;
      const part = parts.get(resource);
      if (part) part.push(change);
      else parts.set(resource, [change]);
    }
    // First all resources, then the revision, then the watches: nobody sees a revision that is only partly there.
    const taken: [CachedResource, readonly ObjectChange[]][] = [];
    for (const [resource, part] of parts) taken.push([resource, resource.absorb(part)]);
    this.#progress.advance(batch.at(-1)!.revision);
    for (const [resource, changes] of taken) resource.dispatch(changes);
  }

  #resourceOf(key: string): CachedResource | undefined {
    for (const depth of this.#depths) {
      let end = -1;
      for (let i = 0; i < depth; i++) {
        end = key.indexOf("/", end + 1);
        if (end < 0) break;
      }
      const resource = end < 0 ? undefined : this.#resources.get(key.slice(0, end + 1));
      if (resource) return resource;
    }
    return undefined;
  }

  #end(error: StorageError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#progress.end();
    for (const resource of this.#resources.values()) resource.end(error);
  }
}
