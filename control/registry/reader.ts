import type { KubeObject } from "../../shared/api/kind.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import type { Entry } from "../storage/cacher/cache.ts";
import type { ResourceStore } from "./resource_store.ts";
import { decodeStored, keyOf } from "./stored_object.ts";

/**
 * The API's own state for plugins and authenticators, from the watch cache. An object is decoded once per change and
 * shared: readers never change it.
 */
export class StoreReader implements AdmissionReader {
  readonly #stores = new Map<string, ResourceStore>();
  readonly #decoded = new WeakMap<Uint8Array, KubeObject>();

  /** Makes a store's objects readable. */
  add(store: ResourceStore): void {
    this.#stores.set(`${store.kind.group}/${store.kind.plural}`, store);
  }

  remove(store: ResourceStore): void {
    this.#stores.delete(`${store.kind.group}/${store.kind.plural}`);
  }

  get<T extends KubeObject>(
    group: string,
    plural: string,
    namespace: string,
    name: string,
  ): T | undefined {
    const store = this.#stores.get(`${group}/${plural}`);
    const entry = store?.cache.get(keyOf(store.kind, namespace, name));
    return entry && this.#decode(entry) as T;
  }

  list<T extends KubeObject>(group: string, plural: string, namespace?: string): readonly T[] {
    const store = this.#stores.get(`${group}/${plural}`);
    if (!store) return [];
    return store.cache.entries(namespace).map((entry) => this.#decode(entry) as T);
  }

  #decode(entry: Entry): KubeObject {
    let object = this.#decoded.get(entry.value);
    if (!object) this.#decoded.set(entry.value, object = decodeStored(entry.value));
    return object;
  }
}
