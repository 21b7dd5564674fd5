import type { Revision, Stored } from "../storage.ts";
import type { Attributes, Entry, ResourceCacheOptions } from "./cache.ts";

/** An entry over stored bytes that cuts its names from the key and computes its attributes only when asked. */
export class CachedEntry implements Entry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: Revision;
  readonly #options: ResourceCacheOptions;
  #attributes: Attributes | undefined;

  /** `attributes`, if known already, saves decoding the value for them. */
  constructor(stored: Stored, options: ResourceCacheOptions, attributes?: Attributes) {
    this.key = stored.key;
    // What this process has just written, whose attributes it knows, needs no refreshing.
    this.value = options.refresh && !attributes ? options.refresh(stored.value) : stored.value;
    this.revision = stored.revision;
    this.#options = options;
    this.#attributes = attributes;
  }

  get namespace(): string {
    const { prefix, namespaced } = this.#options;
    return namespaced ? this.key.slice(prefix.length, this.key.indexOf("/", prefix.length)) : "";
  }

  get name(): string {
    const { prefix, namespaced } = this.#options;
    return this.key.slice(namespaced ? this.key.indexOf("/", prefix.length) + 1 : prefix.length);
  }

  get attributes(): Attributes {
    return this.#attributes ??= this.#options.attributesOf(this.value, undefined);
  }
}
