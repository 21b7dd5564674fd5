import type { KubeObject } from "../../api/kind.ts";
import type { Resource } from "../../client/resource.ts";
import { type Informer, type InformerHandler, type InformerSet } from "../informer.ts";
import { Store } from "../store.ts";

/** Informers without a server, for tests of what reads from them: a test puts objects in and takes them out. */
export class FakeInformerSet implements InformerSet {
  readonly #informers = new Map<string, FakeInformer<KubeObject>>();

  of<T extends KubeObject>(resource: Resource<T>): FakeInformer<T> {
    const id = `${resource.group}/${resource.plural}`;
    const known = this.#informers.get(id) as unknown as FakeInformer<T> | undefined;
    if (known) return known;
    const informer = new FakeInformer<T>(resource);
    this.#informers.set(id, informer as unknown as FakeInformer<KubeObject>);
    return informer;
  }

  /** Puts objects of one resource in, as if a list or watch had brought them. */
  put<T extends KubeObject>(resource: Resource<T>, ...objects: readonly T[]): void {
    for (const object of objects) this.of(resource).put(object);
  }

  /** Takes an object out by its key. */
  remove<T extends KubeObject>(resource: Resource<T>, key: string): void {
    this.of(resource).remove(key);
  }

  /** Lets every informer asked for so far have its first list. */
  finishLists(): void {
    for (const informer of this.#informers.values()) informer.finishList();
  }

  async synced(): Promise<void> {
    await Promise.all(Array.from(this.#informers.values(), (informer) => informer.synced()));
  }

  stop(): void {
    this.#informers.clear();
  }
}

/** One informer of a `FakeInformerSet`. */
export class FakeInformer<T extends KubeObject> extends Store<T> implements Informer<T> {
  readonly resource: Resource<T>;
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #synced = Promise.withResolvers<void>();
  hasSynced = false;

  constructor(resource: Resource<T>) {
    super();
    this.resource = resource;
  }

  onChange(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.list()) handler(object, undefined);
    return () => void this.#handlers.delete(handler);
  }

  synced(): Promise<void> {
    return this.#synced.promise;
  }

  put(object: T): void {
    const previous = this.set(object);
    for (const handler of this.#handlers) handler(object, previous);
  }

  remove(key: string): void {
    const previous = this.delete(key);
    if (!previous) throw new Error(`Cannot remove ${key}: no such ${this.resource.kind}`);
    for (const handler of this.#handlers) handler(undefined, previous);
  }

  finishList(): void {
    this.hasSynced = true;
    this.#synced.resolve();
  }
}
