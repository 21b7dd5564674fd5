import type { KindDefinition, KubeObject } from "../../shared/api/kind.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { ApiRegistry, ResourceRequest, Subresource } from "../endpoints/resource_request.ts";
import { scaleSubresource } from "../endpoints/handlers/scale.ts";
import { attributesOf, indexedFields } from "../endpoints/selectors.ts";
import { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored, encodeStored, prefixOf, refreshStored } from "../registry/stored_object.ts";
import type { AdmissionChain, StoreHooks, SubresourceStrategy } from "../registry/store_types.ts";
import type { StoreReader } from "../registry/reader.ts";
import type { WatchCache } from "../storage/cacher/watch_cache.ts";
import type { Storage } from "../storage/storage.ts";

/** What particular kinds have beyond their declaration. Keys: `group/plural`. */
export interface Particulars {
  readonly hooks: Readonly<Record<string, StoreHooks>>;
  /** Endpoints that write a part of the object itself. */
  readonly parts: Readonly<Record<string, Readonly<Record<string, SubresourceStrategy>>>>;
  /** As `parts`, for writes that the server makes itself within another request; they have no endpoint. */
  readonly innerParts: Particulars["parts"];
  /** Endpoints of other kinds. They are made when the store is there. */
  readonly subresources: Readonly<Record<string, (store: ResourceStore) => readonly Subresource[]>>;
  /** What create does for kinds that are never stored. */
  readonly virtual: Readonly<Record<string, (request: ResourceRequest) => Promise<Response>>>;
}

export interface InstallOptions {
  readonly registry: ApiRegistry;
  readonly storage: Storage;
  readonly cache: WatchCache;
  readonly reader: StoreReader;
  readonly admission: AdmissionChain;
  readonly clock: Clock;
  readonly random: Random;
  readonly particulars: Particulars;
}

/** Makes every kind of `kinds` served: stores for those that are stored, views for their other versions. */
export function installKinds(kinds: readonly KindDefinition[], options: InstallOptions): void {
  const stores = new Map<string, ResourceStore>();
  const { virtual } = options.particulars;
  for (const kind of kinds) {
    if (kind.storedAs || virtual[nameOf(kind)]) continue;
    stores.set(nameOf(kind), newStore(kind, options));
  }
  for (const kind of kinds) {
    const handler = virtual[nameOf(kind)];
    if (handler) {
      options.registry.install({
        kind,
        store: undefined,
        subresources: new Map(),
        virtual: handler,
      });
      continue;
    }
    const storeName = kind.storedAs ? `${kind.storedAs.group}/${kind.plural}` : nameOf(kind);
    const store = stores.get(storeName);
    if (!store) throw new TypeError(`Cannot serve ${kind.kind}: ${storeName} has no store`);
    options.registry.install({ kind, store, subresources: subresourcesOf(kind, store, options) });
  }
}

/** The store of one kind, with its cache, known to the reader. */
export function newStore(kind: KindDefinition, options: InstallOptions): ResourceStore {
  const { particulars, storage, cache, reader, admission, clock, random } = options;
  const store = new ResourceStore({
    kind,
    storage,
    admission,
    clock,
    random,
    cache: cache.resource({
      prefix: prefixOf(kind),
      namespaced: kind.scope === "Namespaced",
      attributesOf: (value, note) =>
        attributesOf(kind, note === undefined ? decodeStored(value) : note as KubeObject),
      ...(kind.revive && { refresh: (value: Uint8Array) => refreshStored(kind, value) }),
      indexes: indexedFields(kind),
      withRevision: (value, revision) => encodeStored(kind, decodeStored(value), revision),
    }),
    hooks: particulars.hooks[nameOf(kind)],
    subresources: { ...particulars.parts[nameOf(kind)], ...particulars.innerParts[nameOf(kind)] },
  });
  reader.add(store);
  return store;
}

/** The endpoints of a kind besides its own, by name. */
export function subresourcesOf(
  kind: KindDefinition,
  store: ResourceStore,
  { particulars, clock }: InstallOptions,
): ReadonlyMap<string, Subresource> {
  const own = { group: kind.group, version: kind.version, kind: kind.kind };
  const all: Subresource[] = [];
  const part = (name: string, verbs: Subresource["verbs"]) =>
    all.push({ name, responseKind: own, verbs });
  if (kind.subresources?.status) part("status", ["get", "patch", "update"]);
  for (const name of Object.keys(particulars.parts[nameOf(kind)] ?? {})) {
    part(name, name === "finalize" ? ["update"] : ["get", "patch", "update"]);
  }
  if (kind.subresources?.scale) {
    all.push(scaleSubresource(kind, kind.subresources.scale, { store, now: () => clock.now() }));
  }
  all.push(...(particulars.subresources[nameOf(kind)]?.(store) ?? []));
  return new Map(all.map((subresource) => [subresource.name, subresource]));
}

/** `apps/deployments`, or `/pods` for the core group. */
function nameOf(kind: { readonly group: string; readonly plural: string }): string {
  return `${kind.group}/${kind.plural}`;
}
