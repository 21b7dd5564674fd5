import type { KubeObject } from "../api/kind.ts";
import { type Informer, keyOf, type ObjectKey } from "./informer.ts";

/**
 * Lets a controller see its own writes before its informer does, so that it never acts twice on what it has just
 * done: what the server answered counts as long as the informer is behind it. Relies on resourceVersions of one
 * resource being comparable numbers (KEP-5504). Its size is bounded by the writes that are under way.
 */
export class OwnWrites<T extends KubeObject> {
  readonly #informer: Informer<T>;
  readonly #written = new Map<ObjectKey, T>();
  /** UIDs whose deletion the server has accepted. */
  readonly #deleted = new Map<string, ObjectKey>();

  constructor(informer: Informer<T>) {
    this.#informer = informer;
  }

  /** The server answered a create, update or patch with `object`. */
  wrote(object: T): void {
    if (this.#isAhead(object)) this.#written.set(keyOf(object), object);
  }

  /** The server accepted the deletion of `object`. */
  deleted(object: T): void {
    this.#deleted.set(object.metadata.uid ?? "", keyOf(object));
  }

  /** The newest that is known. */
  get(key: ObjectKey): T | undefined {
    this.#forget();
    return this.#written.get(key) ?? this.#informer.get(key);
  }

  /** `objects`, a part of what the informer knows, as of now: each in its newest form, with those that `belongs` and are not yet in it. */
  overlay(objects: readonly T[], belongs: (object: T) => boolean): readonly T[] {
    this.#forget();
    if (this.#written.size === 0) return objects;
    const found = new Map(objects.map((object) => [keyOf(object), object]));
    for (const [key, object] of this.#written) {
      if (belongs(object)) found.set(key, object);
      else found.delete(key);
    }
    return [...found.values()];
  }

  /** Whether deletion was asked for, by us or by anyone. */
  isGoing(object: T): boolean {
    return object.metadata.deletionTimestamp !== undefined ||
      this.#deleted.has(object.metadata.uid ?? "");
  }

  #forget(): void {
    for (const [key, object] of this.#written) {
      if (!this.#isAhead(object)) this.#written.delete(key);
    }
    for (const [uid, key] of this.#deleted) {
      const known = this.#informer.get(key);
      // Not there and not about to come: the informer has seen the end.
      if (this.#written.get(key)?.metadata.uid === uid) continue;
      if (known?.metadata.uid !== uid || known.metadata.deletionTimestamp) {
        this.#deleted.delete(uid);
      }
    }
  }

  #isAhead(object: T): boolean {
    const version = this.#informer.version;
    return version !== undefined && isNewer(object.metadata.resourceVersion ?? "", version);
  }
}

/** Whether resourceVersion `a` is later than `b`; both are decimal numbers without leading zeros. */
export function isNewer(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
