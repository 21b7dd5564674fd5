import type { KubeObject } from "../api/kind.ts";
import type { Resource } from "../client/resource.ts";

/** `namespace/name`, or `name` for a cluster-scoped object. */
export type ObjectKey = string;

/** What an informer knows, always as of one moment. Objects are shared: never change them. */
export interface Lister<T> {
  get(key: ObjectKey): T | undefined;
  /** All, or those of one namespace. */
  list(namespace?: string): readonly T[];
  /** Objects that the index `name` (see `Informer.addIndex`) files under `value`. */
  byIndex(name: string, value: string): readonly T[];
}

export interface InformerHandler<T> {
  /** `previous` is absent when the object is new; `object` is absent when it is gone. Must not throw. */
  (object: T | undefined, previous: T | undefined): void;
}

/** A local copy of one resource, kept by list and watch; it goes on by itself after every kind of failure. */
export interface Informer<T extends KubeObject = KubeObject> extends Lister<T> {
  readonly resource: Resource<T>;
  /** Called for everything known at once, then for each change. Returns a function that ends it. */
  onChange(handler: InformerHandler<T>): () => void;
  /** Files every object under the values that `values` gives. Before or after start; once per name. */
  addIndex(name: string, values: (object: T) => readonly string[]): void;
  /** Resolves when the first list is in. */
  synced(): Promise<void>;
  readonly hasSynced: boolean;
  /** The resourceVersion up to which this is known to be complete; absent before the first list. */
  readonly version?: string | undefined;
}

/** One informer per resource (and selector), shared by all who ask. Started on first use, stopped together. */
export interface InformerSet {
  of<T extends KubeObject>(
    resource: Resource<T>,
    options?: { readonly fieldSelector?: string; readonly labelSelector?: string },
  ): Informer<T>;
  /** The informer over all objects of a resource if somebody asked for it; starts nothing. */
  known?<T extends KubeObject>(resource: Resource<T>): Informer<T> | undefined;
  /** Ends the informer over all objects of a resource that the API has no more; its handlers hear that all are gone. */
  drop?(resource: Resource): void;
  /** Resolves when every informer asked for so far has its first list. */
  synced(): Promise<void>;
  stop(): void;
}

/** The key of an object. */
export function keyOf(object: KubeObject): ObjectKey {
  const { namespace, name = "" } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

/** The parts of a key. */
export function splitKey(key: ObjectKey): { namespace: string | undefined; name: string } {
  const slash = key.indexOf("/");
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
