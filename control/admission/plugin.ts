import type { KindDefinition, KubeObject } from "../../shared/api/kind.ts";
import type { UserInfo } from "../server/request_context.ts";
import type { Reinvocation } from "./reinvocation.ts";

/** What the client said about how to write, as webhooks and policies are shown it: `meta.k8s.io/v1` options. */
export interface OperationOptions {
  readonly kind: "CreateOptions" | "UpdateOptions" | "DeleteOptions";
  readonly apiVersion: "meta.k8s.io/v1";
  readonly [field: string]: unknown;
}

/** Everything a plugin may judge one write by. */
export interface Attributes {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  /** The kind of the resource; for a subresource with a body of its own, `object` may be of another kind. */
  readonly kind: KindDefinition;
  readonly subresource: string;
  readonly namespace: string;
  /** Empty on create with generateName, before the name is made. */
  readonly name: string;
  readonly user: UserInfo;
  /** The object to be written; absent on DELETE. `admit` changes it in place. */
  readonly object?: KubeObject;
  /** What is there now; absent on CREATE. */
  readonly oldObject?: KubeObject;
  readonly options: {
    readonly dryRun: boolean;
    /** Absent for CONNECT. */
    readonly sent?: OperationOptions;
  };
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** Adds a `Warning` header to the answer. */
  warn(message: string): void;
  /** Adds an annotation to the request's audit event, if it is recorded at `level` (default Metadata) or above. */
  annotate?(key: string, value: string, level?: "Metadata" | "Request"): void;
}

/**
 * One admission plugin. `admit` may change `object`; `validate` may only look. Both throw `StatusError` to refuse.
 * Both may run several times for one request (after a lost race) and must be idempotent; neither keeps state.
 */
export interface AdmissionPlugin {
  /** As in `--enable-admission-plugins`, e.g. `NamespaceLifecycle`. */
  readonly name: string;
  /** Cheap test made before anything else; absent: every write concerns it. */
  handles?(attributes: Attributes): boolean;
  admit?(attributes: Attributes, reinvocation?: Reinvocation): void | Promise<void>;
  validate?(attributes: Attributes): void | Promise<void>;
}

/** What plugins may read: the API's own state, from the watch cache. Never stale by more than a watch event. */
export interface AdmissionReader {
  get<T extends KubeObject>(
    group: string,
    plural: string,
    namespace: string,
    name: string,
  ): T | undefined;
  list<T extends KubeObject>(group: string, plural: string, namespace?: string): readonly T[];
}
