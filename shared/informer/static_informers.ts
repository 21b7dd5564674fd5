import type { KubeObject } from "../api/kind.ts";
import type { Resource } from "../client/resource.ts";
import type { Informer, InformerSet } from "./informer.ts";
import { Store } from "./store.ts";

/** Informers over objects that never change: for questions about a cluster as it was read. */
export function staticInformers(
  objects: Iterable<readonly [Resource, KubeObject]>,
): InformerSet {
  const informers = new Map<string, Informer & { readonly store: Store<KubeObject> }>();
  const of = <T extends KubeObject>(resource: Resource<T>) => {
    const id = `${resource.group}/${resource.plural}`;
    let known = informers.get(id);
    if (!known) informers.set(id, known = staticInformer(resource as Resource));
    return known;
  };
  for (const [resource, object] of objects) of(resource).store.set(object);
  return {
    of: <T extends KubeObject>(resource: Resource<T>) => of(resource) as unknown as Informer<T>,
    synced: () => Promise.resolve(),
    stop() {},
  };
}

function staticInformer(resource: Resource) {
  const store = new Store<KubeObject>();
  return {
    resource,
    store,
    hasSynced: true,
    synced: () => Promise.resolve(),
    get: (key: string) => store.get(key),
    list: (namespace?: string) => store.list(namespace),
    byIndex: (name: string, value: string) => store.byIndex(name, value),
    addIndex: (name: string, values: (object: KubeObject) => readonly string[]) =>
      store.addIndex(name, values),
    onChange(handler: (object: KubeObject, previous: undefined) => void) {
      for (const object of store.list()) handler(object, undefined);
      return () => {};
    },
  };
}
