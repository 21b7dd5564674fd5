import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Binding, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { Client, ObjectRef, PatchOptions } from "../../../shared/client/client.ts";
import type { Resource } from "../../../shared/client/resource.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import {
  type Informer,
  type InformerHandler,
  type InformerSet,
  keyOf,
} from "../../../shared/informer/informer.ts";
import { Store } from "../../../shared/informer/store.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";

type Tree = Record<string, unknown>;

/** One resource, stored and watched in one place. */
class MemoryInformer<T extends KubeObject> implements Informer<T> {
  readonly hasSynced = true;
  readonly store = new Store<T>();
  readonly #handlers = new Set<InformerHandler<T>>();

  constructor(readonly resource: Resource<T>) {}

  get = (key: string) => this.store.get(key);
  list = (namespace?: string) => this.store.list(namespace);
  byIndex = (name: string, value: string) => this.store.byIndex(name, value);
  addIndex = (name: string, values: (object: T) => readonly string[]) =>
    this.store.addIndex(name, values);
  synced = () => Promise.resolve();

  onChange(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.store.list()) handler(object, undefined);
    return () => void this.#handlers.delete(handler);
  }

  put(object: T): void {
    const previous = this.store.set(object);
    for (const handler of this.#handlers) handler(object, previous);
  }

  remove(key: string): void {
    const previous = this.store.delete(key);
    for (const handler of this.#handlers) if (previous) handler(undefined, previous);
  }
}

/**
 * An API and its informers in one: what is written is seen at once. It binds, deletes and patches (conditions by type)
 * as far as a scheduler can tell.
 */
export class MemoryApi implements InformerSet {
  /** Every write, in order: `bind shop/web node-1`. */
  readonly writes: string[] = [];
  /** Called before a write is made; what it throws is the answer. */
  refuse: (write: string) => void | Promise<void> = () => {};
  /** Deleted pods stay, marked, until `remove`. */
  gracefulPods = false;
  readonly #informers = new Map<string, MemoryInformer<KubeObject>>();
  #version = 0;

  readonly client = {
    post: (_resource: Resource, ref: ObjectRef, _subresource: string, body: Binding) =>
      this.#bind(ref, body),
    patch: (resource: Resource, ref: ObjectRef, patch: Tree, options: PatchOptions) =>
      this.#patch(resource, ref, patch, options),
    delete: (resource: Resource, ref: ObjectRef) => this.#delete(resource, ref),
  } as unknown as Client;

  of<T extends KubeObject>(resource: Resource<T>): MemoryInformer<T> {
    let known = this.#informers.get(resource.plural);
    if (!known) {
      known = new MemoryInformer<KubeObject>(resource as Resource);
      this.#informers.set(resource.plural, known);
    }
    return known as unknown as MemoryInformer<T>;
  }

  synced(): Promise<void> {
    return Promise.resolve();
  }

  stop(): void {}

  put<T extends KubeObject>(resource: Resource<T>, object: T): void {
    object.metadata.resourceVersion = String(++this.#version);
    this.of(resource).put(object);
  }

  /** Replaces an object by a changed copy. */
  edit<T extends KubeObject>(
    resource: Resource<T>,
    key: string,
    change: (object: T) => void,
  ): void {
    const object = structuredClone(this.of(resource).get(key))!;
    change(object);
    this.put(resource, object);
  }

  remove(resource: Resource, key: string): void {
    this.of(resource).remove(key);
  }

  pod(key: string): Pod {
    const pod = this.of(resources.pods).get(key);
    if (!pod) throw new TypeError(`Cannot find pod ${key}`);
    return pod;
  }

  async #bind(ref: ObjectRef, { metadata, target }: Binding): Promise<Binding> {
    const key = keyOf({ metadata: ref } as KubeObject);
    await this.#record(`bind ${key} ${target.name}`);
    const pod = this.#must(resources.pods, key);
    if (pod.metadata.uid !== metadata.uid || pod.spec?.nodeName) {
      throw new StatusError("Conflict", `pod ${pod.metadata.name} is already assigned to node`);
    }
    const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
    const bound = {
      ...pod,
      spec: { ...pod.spec!, nodeName: target.name! },
      status: {
        ...pod.status,
        conditions: [...conditions, { type: "PodScheduled", status: "True" }],
      },
    };
    this.put(resources.pods, bound);
    return { metadata, target } as Binding;
  }

  async #patch(
    resource: Resource,
    ref: ObjectRef,
    patch: Tree,
    { subresource }: PatchOptions,
  ): Promise<KubeObject> {
    const key = keyOf({ metadata: ref } as KubeObject);
    await this.#record(`patch ${resource.plural}${subresource ? `/${subresource}` : ""} ${key}`);
    const next = merged(this.#must(resource, key), patch) as KubeObject;
    this.put(resource, next);
    return next;
  }

  async #delete(resource: Resource, ref: ObjectRef): Promise<void> {
    const key = keyOf({ metadata: ref } as KubeObject);
    await this.#record(`delete ${resource.plural} ${key}`);
    const object = this.#must(resource, key);
    if (!this.gracefulPods) return this.remove(resource, key);
    const metadata = { ...object.metadata, deletionTimestamp: "2026-01-01T00:00:30Z" };
    this.put(resource, { ...object, metadata });
  }

  async #record(write: string): Promise<void> {
    await this.refuse(write);
    this.writes.push(write);
  }

  #must<T extends KubeObject>(resource: Resource<T>, key: string): T {
    const object = this.of(resource).get(key);
    if (!object) throw new StatusError("NotFound", `${resource.plural} "${key}" not found`);
    return object;
  }
}

function merged(old: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return mergedByType(Array.isArray(old) ? old : [], patch);
  if (typeof patch !== "object" || patch === null) return patch;
  const result: Tree = { ...(old as Tree | undefined) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = merged(result[key], value);
  }
  return result;
}

function mergedByType(old: Tree[], patch: Tree[]): Tree[] {
  const types = new Set(patch.map(({ type }) => type));
  return [...old.filter(({ type }) => !types.has(type)), ...patch];
}
