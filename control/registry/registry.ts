import { apiVersionOf, type KindDefinition, type Verb } from "../../shared/api/kind.ts";
import type { ResourceStore } from "./resource_store.ts";

/** Names the kind of what a subresource speaks. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A part of a resource with an endpoint of its own. */
export interface SubresourceDefinition<Request, Answer> {
  readonly name: string;
  readonly responseKind: GroupVersionKind;
  readonly verbs: readonly Verb[];
  /** HTTP methods that `handle` takes although they are no verb of the API (OPTIONS, for proxies). */
  readonly methods?: readonly string[];
  /** Absent: it reads and writes the object itself, within what the store's strategy for it lets through. */
  handle?(verb: Verb, request: Request): Promise<Answer>;
}

/** A kind as it is served: under its own name, from the store of the kind it is stored as. */
export interface ServedResource<Request = never, Answer = unknown> {
  readonly kind: KindDefinition;
  /** Absent for kinds that are never stored (reviews). */
  readonly store: ResourceStore | undefined;
  /** By name, `status` included. */
  readonly subresources: ReadonlyMap<string, SubresourceDefinition<Request, Answer>>;
  /** What create does for kinds that are never stored. */
  readonly virtual?: (request: Request) => Promise<Answer>;
}

/**
 * Everything the server serves, by group, version and plural. Built-in kinds are installed at start, custom ones come
 * and go.
 */
export class Registry<Request, Answer> {
  readonly #resources = new Map<string, ServedResource<Request, Answer>>();
  readonly #listeners = new Set<() => void>();
  #generation = 0;

  install(resource: ServedResource<Request, Answer>): void {
    const { kind } = resource;
    this.#resources.set(`${apiVersionOf(kind)}/${kind.plural}`, resource);
    this.#changed();
  }

  remove(kind: KindDefinition): void {
    if (this.#resources.delete(`${apiVersionOf(kind)}/${kind.plural}`)) this.#changed();
  }

  lookup(
    group: string,
    version: string,
    plural: string,
  ): ServedResource<Request, Answer> | undefined {
    return this.#resources.get(`${group === "" ? version : `${group}/${version}`}/${plural}`);
  }

  /** All, in the order of installation. */
  all(): Iterable<ServedResource<Request, Answer>> {
    return this.#resources.values();
  }

  /** Counts changes, so that what is derived (discovery) knows when it is out of date. */
  get generation(): number {
    return this.#generation;
  }

  /** Calls `listener` after each change; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #changed(): void {
    this.#generation++;
    for (const listener of this.#listeners) listener();
  }
}
