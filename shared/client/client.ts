import type { KubeObject } from "../api/kind.ts";
import type { DeleteOptions } from "../meta/types.gen.ts";
import type { Resource } from "./resource.ts";

/** Names an object. `namespace` is absent for cluster-scoped resources. */
export interface ObjectRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}
export interface ListQuery {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}
export interface ListResult<T> {
  readonly resourceVersion: string;
  readonly items: T[];
}
export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly object: T };
export interface WatchQuery extends ListQuery {
  readonly timeoutSeconds?: number;
}
export interface WriteOptions {
  readonly subresource?: string | undefined;
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
}
export interface PatchOptions extends WriteOptions {
  readonly type: "json" | "merge" | "strategic" | "apply";
  readonly force?: boolean;
}

/**
 * The API as components see it. Every method rejects with `StatusError` for what the server refused and with
 * another error when no answer came. Nothing is retried here: retries belong to work queues.
 */
export interface Client {
  /** Rejects with NotFound if it is not there. */
  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T>;
  /** As `get`, but undefined if it is not there. */
  find<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T | undefined>;
  list<T extends KubeObject>(resource: Resource<T>, query?: ListQuery): Promise<ListResult<T>>;
  /**
   * Events until the server ends the watch. Throws StatusError (`Expired` when the version is too old) or the
   * connection's error. Asks for bookmarks.
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    query: WatchQuery,
  ): AsyncIterable<WatchEvent<T>>;
  /** The namespace is read from the object. */
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  /** Replaces; the object's resourceVersion is the precondition. */
  update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T>;
  delete(resource: Resource, ref: ObjectRef, options?: Partial<DeleteOptions>): Promise<void>;
  /** POST to a subresource that is not the object itself: `binding`, `eviction`, `token`. */
  post<R>(resource: Resource, ref: ObjectRef, subresource: string, body: unknown): Promise<R>;
}
