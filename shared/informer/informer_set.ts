import type { KubeObject } from "../api/kind.ts";
import type { Client, ListResult } from "../client/client.ts";
import type { Resource } from "../client/resource.ts";
import type { Clock } from "../clock/clock.ts";
import type { Random } from "../clock/random.ts";
import type { Log } from "../log/log.ts";
import {
  type Informer,
  type InformerHandler,
  type InformerSet,
  keyOf,
  type ObjectKey,
} from "./informer.ts";
import { reflect, type ReflectorSink } from "./reflector.ts";
import { Store } from "./store.ts";

export interface InformerSetOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
}

/**
 * Informers that read through `client`. What they hold lacks `metadata.managedFields`, often half of an object, which
 * no reader needs; the server keeps its own when such an object is written back.
 */
export function createInformerSet(client: Client, options: InformerSetOptions): InformerSet {
  const stop = new AbortController();
  const informers = new Map<string, SharedInformer<KubeObject>>();
  const ends = new Map<string, AbortController>();
  return {
    of<T extends KubeObject>(
      resource: Resource<T>,
      selectors: { readonly fieldSelector?: string; readonly labelSelector?: string } = {},
    ): Informer<T> {
      const { fieldSelector, labelSelector } = selectors;
      const id = idOf(resource, fieldSelector, labelSelector);
      const known = informers.get(id);
      if (known) return known as unknown as SharedInformer<T>;
      const informer = new SharedInformer(resource, options.log);
      informers.set(id, informer as unknown as SharedInformer<KubeObject>);
      const end = new AbortController();
      ends.set(id, end);
      void reflect(client, resource, {
        ...options,
        fieldSelector,
        labelSelector,
        signal: AbortSignal.any([stop.signal, end.signal]),
        sink: informer,
      });
      return informer;
    },
    known: <T extends KubeObject>(resource: Resource<T>) =>
      informers.get(idOf(resource)) as SharedInformer<T> | undefined,
    drop(resource) {
      const id = idOf(resource);
      ends.get(id)?.abort(new Error("resource dropped"));
      informers.get(id)?.replace({ resourceVersion: "", items: [] });
      informers.delete(id);
      ends.delete(id);
    },
    async synced() {
      await Promise.all(Array.from(informers.values(), (informer) => informer.synced()));
    },
    stop: () => stop.abort(new Error("informers stopped")),
  };
}

function idOf(resource: Resource, fieldSelector?: string, labelSelector?: string): string {
  const { group, version, plural } = resource;
  return JSON.stringify([group, version, plural, fieldSelector, labelSelector]);
}

/** The store, the handlers, and the rules by which what a reflector sees becomes calls. */
class SharedInformer<T extends KubeObject> implements Informer<T>, ReflectorSink<T> {
  readonly resource: Resource<T>;
  readonly #log: Log;
  readonly #store = new Store<T>();
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #version: string | undefined;

  constructor(resource: Resource<T>, log: Log) {
    this.resource = resource;
    this.#log = log;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get version(): string | undefined {
    return this.#version;
  }

  synced(): Promise<void> {
    return this.#synced.promise;
  }

  get(key: ObjectKey): T | undefined {
    return this.#store.get(key);
  }

  list(namespace?: string): readonly T[] {
    return this.#store.list(namespace);
  }

  byIndex(name: string, value: string): readonly T[] {
    return this.#store.byIndex(name, value);
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    this.#store.addIndex(name, values);
  }

  onChange(handler: InformerHandler<T>): () => void {
    // A handler added twice must be heard twice and ended once.
    const own: InformerHandler<T> = (object, previous) => handler(object, previous);
    this.#handlers.add(own);
    for (const object of this.#store.list()) this.#call(own, object, undefined);
    return () => void this.#handlers.delete(own);
  }

  replace(list: ListResult<T>): void {
    const gone = new Set(this.#store.keys());
    for (const object of list.items) {
      gone.delete(keyOf(object));
      this.#put(object);
    }
    for (const key of gone) this.#remove(key);
    this.#version = list.resourceVersion;
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  apply(type: "ADDED" | "MODIFIED" | "DELETED", object: T): void {
    if (type === "DELETED") this.#remove(keyOf(object));
    else this.#put(object);
  }

  progress(version: string): void {
    this.#version = version;
  }

  #put(object: T): void {
    const key = keyOf(object);
    const known = this.#store.get(key);
    if (known && known.metadata.resourceVersion === object.metadata.resourceVersion) return;
    // Deleted and made anew while nobody looked: two objects, so two changes.
    if (known && known.metadata.uid !== object.metadata.uid) this.#remove(key);
    delete object.metadata.managedFields;
    this.#notify(object, this.#store.set(object));
  }

  #remove(key: ObjectKey): void {
    const previous = this.#store.delete(key);
    if (previous) this.#notify(undefined, previous);
  }

  #notify(object: T | undefined, previous: T | undefined): void {
    for (const handler of this.#handlers) this.#call(handler, object, previous);
  }

  #call(handler: InformerHandler<T>, object: T | undefined, previous: T | undefined): void {
    try {
      handler(object, previous);
    } catch (error) {
      // One broken handler must not stop the others, or the watch.
      this.#log.error("Informer handler failed", error, { resource: this.resource.plural });
    }
  }
}
