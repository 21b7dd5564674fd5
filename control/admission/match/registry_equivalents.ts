import type { KindDefinition } from "../../../shared/api/kind.ts";
import type { EquivalentKinds } from "./rules.ts";

/** What is served, as far as this needs it; the registry of the server is one. */
export interface ServedKinds {
  /** Counts changes. */
  readonly generation: number;
  all(): Iterable<{ readonly kind: KindDefinition }>;
}

/**
 * Which served kinds are views of the same stored objects: versions of one resource, and resources that moved to
 * another group. Works the table out again when what is served has changed.
 */
export class RegistryEquivalents implements EquivalentKinds {
  readonly #served: ServedKinds;
  #generation = -1;
  #byStorage = new Map<string, KindDefinition[]>();

  constructor(served: ServedKinds) {
    this.#served = served;
  }

  equivalents(kind: KindDefinition): readonly KindDefinition[] {
    if (this.#generation !== this.#served.generation) this.#rebuild();
    return this.#byStorage.get(storageOf(kind)) ?? [];
  }

  #rebuild(): void {
    this.#generation = this.#served.generation;
    this.#byStorage = new Map();
    for (const { kind } of this.#served.all()) {
      const known = this.#byStorage.get(storageOf(kind));
      if (known) known.push(kind);
      else this.#byStorage.set(storageOf(kind), [kind]);
    }
  }
}

function storageOf(kind: KindDefinition): string {
  return `${kind.storedAs?.group ?? kind.group}/${kind.plural}`;
}
