import type { FieldError } from "../meta/field_error.ts";
import type { ObjectMeta } from "../meta/types.gen.ts";
import type { StructNode } from "../schema/schema.ts";
import type { UserInfo } from "./authentication/v1/types.gen.ts";

/** What every API object has. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export type Verb =
  | "create"
  | "delete"
  | "deletecollection"
  | "get"
  | "list"
  | "patch"
  | "update"
  | "watch";

/** One column of the server-side table that `kubectl get` prints. */
export interface Column<T> {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  /** 0: always shown; 1: only with `-o wide`. */
  readonly priority?: number;
  readonly description?: string;
  /** `now` is in milliseconds, for ages. */
  cell(obj: T, now: number): unknown;
}

/** What a strategy may know besides the objects. */
export interface WriteContext {
  /** The time of the request, as a `metav1.Time`. */
  readonly now: string;
  /** Which endpoint is written: "" is the resource itself. */
  readonly subresource: string;
  /** Who writes; for the few kinds that record it (CertificateSigningRequest). */
  readonly user?: UserInfo;
}

/**
 * What the generic registry asks of a kind around a write. Every function is pure but for its first argument, which
 * belongs to the request and is changed in place. Order on create: defaults, prepareForCreate, validateCreate + validate,
 * canonicalize. On update: defaults, prepareForUpdate, validate + validateUpdate, canonicalize. They run again
 * when the write lost a race, so they must be idempotent.
 */
export interface Strategy<T> {
  /** Defaults beyond those in the schema; also runs on what admission made. `now` is a `metav1.Time`. */
  defaults?(obj: T, now?: string): void;
  /** Resets what a client may not set. `status` has been dropped already if the kind has the subresource. */
  prepareForCreate?(obj: T, context: WriteContext): void;
  /** Keeps what this endpoint may not change. `status` is the old one already if the kind has the subresource. */
  prepareForUpdate?(obj: T, old: T, context: WriteContext): void;
  validate?(obj: T): readonly FieldError[];
  /** Only what holds for new objects and not for those already stored. `validate` runs as well. */
  validateCreate?(obj: T): readonly FieldError[];
  /** Only what depends on the old object: immutability. `validate` runs as well. */
  validateUpdate?(obj: T, old: T): readonly FieldError[];
  /** `Warning` header texts; `old` is absent on create. */
  warnings?(obj: T, old?: T): readonly string[];
  canonicalize?(obj: T): void;
  /** The `status` endpoint. `spec`, labels and annotations handling is in the registry. */
  readonly status?: {
    /** What this endpoint resets besides, as names at the top of the object; default: all but `metadata` and `status`. */
    readonly resetFields?: readonly string[];
    prepareForUpdate?(obj: T, old: T, context: WriteContext): void;
    validateUpdate?(obj: T, old: T): readonly FieldError[];
    /** Fields of `metadata` that this endpoint resets, so that nobody comes to own them through it. */
    readonly resetMetadata?: readonly string[];
  };
  /** Fields beyond `status` that the main endpoint resets, so that nobody comes to own them through it. */
  readonly resetFields?: readonly string[];
  /** `metadata.generation` counts changes of what this returns; absent: the kind has no generation. */
  generationOf?(obj: T): unknown;
  /** The client that creates the object may bring its status (nodes register themselves with theirs). */
  readonly keepsStatusOnCreate?: boolean;
  /** PUT on a missing object creates it. */
  readonly allowCreateOnUpdate?: boolean;
  /** PUT without resourceVersion is refused (default: allowed). */
  readonly requireResourceVersion?: boolean;
  /** Seconds of grace on delete, for kinds that go gracefully (pods); undefined: at once. */
  gracePeriodSeconds?(obj: T, asked: number | undefined): number | undefined;
  /** Finalizers that a background delete of this kind implies (`orphan` for kinds that orphan by default). */
  readonly defaultPropagation?: "Background" | "Orphan";
  /** `Warning` header texts of a delete; `asked` is the propagation policy of the request, if it names one. */
  deleteWarnings?(asked: string | undefined): readonly string[];
  /** Validation of names beyond RFC 1123 subdomain; returns messages. `prefix`: a generateName. */
  validateName?(name: string, prefix: boolean): readonly string[];
}

/** Reads one selectable field. Typed as a method, so that a table of kinds may forget what their objects are. */
export type FieldValue<T> = { of(obj: T): string }["of"];

/** Where the scale subresource finds its numbers; JSON paths without the leading dot. */
export interface ScaleMapping {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  /** Path to a string or a LabelSelector. */
  readonly selector: string;
}

/**
 * A kind, declared once, as a value. Discovery, OpenAPI, tables, strict decoding, merge keys, field ownership,
 * protobuf and routes all follow from it. A CustomResourceDefinition becomes such a value at run time.
 */
export interface KindDefinition<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** Default: the kind in lower case. */
  readonly singular?: string;
  /** Default: the kind with `List` behind it. */
  readonly listKind?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  readonly schema: StructNode;
  /** Default: all eight. */
  readonly verbs?: readonly Verb[];
  /** What discovery says instead of `verbs`: a kind that is going takes no new objects. */
  readonly advertisedVerbs?: readonly Verb[];
  readonly subresources?: {
    readonly status?: boolean;
    readonly scale?: ScaleMapping;
  };
  readonly columns: readonly Column<T>[];
  readonly strategy: Strategy<T>;
  /** Field selectors beyond metadata.name and metadata.namespace: label to value ("" if unset). */
  readonly selectableFields?: Readonly<Record<string, FieldValue<T>>>;
  /**
   * For a kind that is another version of a stored kind (events.k8s.io Event, autoscaling/v1 HPA): the version it
   * is stored as, and the conversions. Both are pure.
   */
  readonly storedAs?: {
    readonly group: string;
    readonly version: string;
    toStored(obj: T): KubeObject;
    fromStored(obj: KubeObject): T;
  };
  /** The version that the reference stores, where that is not this one: clients compare its hash (KEP-2339). */
  readonly storageVersion?: string;
  /**
   * Brings an object as it was stored up to what the kind is now, for a kind that changes while its objects are
   * there: another stored version, new defaults. Pure; the argument may be changed.
   */
  revive?(stored: T): T;
  /** Another version of the kind, for owners that wrote through it; undefined: there is none of that name. */
  otherVersion?(apiVersion: string): OtherVersion | undefined;
  /** Annotations that the reference keeps in a field of its own form: rows of tables come without them. */
  readonly convertedAnnotations?: readonly string[];
  /** Whether an update may be acknowledged from memory, and be lost with the power: the renewal of a lease. */
  lazyUpdate?(object: T, old: T): boolean;
  /** Objects hold expressions of CEL: `loadCel` is to be awaited before they are validated. */
  readonly usesExpressions?: boolean;
  /** Sent as a warning with the answer to every request for this kind. */
  readonly deprecation?: string;
  /** DELETE answers with the object instead of a `Status`. */
  readonly returnsDeletedObject?: boolean;
}

/** One version of a kind as seen from another. The conversions are pure. */
export interface OtherVersion {
  readonly schema: StructNode;
  convert(obj: KubeObject): KubeObject;
  /** The way back. */
  restore(obj: KubeObject): KubeObject;
}

/** Declares a kind; keeps the type of its objects. */
export function defineKind<T extends KubeObject>(definition: KindDefinition<T>): KindDefinition<T> {
  return Object.freeze(definition);
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: { readonly group: string; readonly version: string }): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}
