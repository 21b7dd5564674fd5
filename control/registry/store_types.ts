import type { KindDefinition, KubeObject, WriteContext } from "../../shared/api/kind.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { FieldError } from "../../shared/meta/field_error.ts";
import type { Attributes } from "../admission/plugin.ts";
import type { UserInfo } from "../server/request_context.ts";
import type { ResourceCache } from "../storage/cacher/cache.ts";
import type { Storage } from "../storage/storage.ts";

/** Who writes, where and how: what a store must know of a request besides the object. */
export interface WriteScope {
  readonly user: UserInfo;
  /** From the URL; "" for cluster-scoped kinds. */
  readonly namespace: string;
  /** "" for the object itself. */
  readonly subresource: string;
  readonly dryRun: boolean;
  /** Whose fields a write claims: the fieldManager parameter, else the client's program name. */
  readonly fieldManager: string;
  /** What the client said about how to write, for webhooks and policies; absent for writes of the server itself. */
  readonly sent?: SentOptions;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** Adds a `Warning` header to the answer. */
  warn(message: string): void;
  /** See `Attributes`. */
  annotate?: Attributes["annotate"];
}

/** Parameters that create, update and patch have in common, as far as they were given. */
export interface SentOptions {
  readonly fieldManager?: string;
  readonly fieldValidation?: string;
}

/** The admission plugins as one. */
export interface AdmissionChain {
  admit(attributes: Attributes): Promise<void>;
  validate(attributes: Attributes): Promise<void>;
}

/** An outcome of a write: the object in the version that was asked for, and whether it is new. */
export interface Written {
  readonly object: KubeObject;
  readonly created: boolean;
  /** The stored bytes, if they are in the version that was asked for. */
  readonly value?: Uint8Array | undefined;
}

/** What a delete came to. */
export interface Deleted {
  /** The object's last (or, when it lingers, new) state. */
  readonly object: KubeObject;
  /** False: it waits for finalizers or its grace period. */
  readonly removed: boolean;
}

/**
 * What some kinds need beyond the pure strategy: things outside the object that must be reserved or let go with it
 * (cluster IPs, node ports), and a way of dying of their own (namespaces).
 */
export interface StoreHooks {
  /**
   * Reserves what `object` needs and writes it into the object; called after validation of its form. Throws
   * StatusError if it can't. Returns what undoes the reservation, for when the write fails or was a dry run. A dry
   * run does not care whether what is asked for by name is free.
   */
  reserve?(object: KubeObject, old: KubeObject | undefined, dryRun: boolean): () => void;
  /** An update was written: lets go of what `old` held and `object` does not. */
  settle?(object: KubeObject, old: KubeObject): void;
  /** The object is gone. */
  release?(object: KubeObject): void;
  /** Whether an object that is being deleted must stay, finalizers in its metadata aside. */
  lingers?(object: KubeObject): boolean;
  /** Called on the object when its deletion begins and it lingers. */
  onDeleting?(object: KubeObject, now: number): void;
}

/** What an endpoint that writes a part of the object lets through. */
export interface SubresourceStrategy<T extends KubeObject = KubeObject> {
  /** Undoes in `next` whatever is not this endpoint's to change. */
  prepareForUpdate(next: T, old: T, context: WriteContext): void;
  validateUpdate?(next: T, old: T): readonly FieldError[];
}

export interface StoreOptions {
  readonly kind: KindDefinition;
  readonly storage: Storage;
  readonly cache: ResourceCache;
  readonly admission: AdmissionChain;
  readonly clock: Clock;
  readonly random: Random;
  readonly hooks?: StoreHooks | undefined;
  /** For endpoints beyond `status`, by name. */
  readonly subresources?: Readonly<Record<string, SubresourceStrategy>> | undefined;
}

/** Where an object is written, and whether it may be acknowledged from memory. */
export interface Place {
  readonly namespace: string;
  readonly lazy?: boolean;
}
