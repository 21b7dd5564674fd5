import type {
  ConfigMap,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
} from "../../shared/api/core/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { FileSystem } from "../host/file_system.ts";
import type { Host } from "../host/host.ts";

/** One volume of one pod. */
export interface MountRequest<S> {
  readonly pod: Pod;
  readonly volumeName: string;
  readonly source: S;
  /** The volume's own directory on the node; exists. */
  readonly directory: string;
}

/** A service account token and when it stops being valid, in wall-clock milliseconds. */
export interface IssuedToken {
  readonly token: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface TokenQuery {
  readonly audience: string | undefined;
  readonly expirationSeconds: number;
}

/**
 * API objects that volumes and environments are made of. The answers may come from a checkpoint while the server
 * is away. Undefined means that the server says there is no such object; rejects if nobody can tell.
 */
export interface ObjectSource {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  claim(namespace: string, name: string): Promise<PersistentVolumeClaim | undefined>;
  persistentVolume(name: string): Promise<PersistentVolume | undefined>;
  /** A token for the pod's service account, renewed before it expires. */
  token(pod: Pod, query: TokenQuery): Promise<IssuedToken>;
}

/** What a plugin may use. */
export interface VolumeContext {
  readonly host: Host;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly objects: ObjectSource;
  /** The node's allocatable resources: what a container without limits may use. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** What a container mounts, and when to look again. */
export interface MountedVolume {
  /** Absolute path on the node. */
  readonly path: string;
  /** Even a container that asks for writing only reads. */
  readonly readOnly?: boolean;
  /** Set up again by then at the latest (wall-clock milliseconds): a token needs renewing. */
  readonly refreshAt?: number;
}

/**
 * A kind of volume. `setUp` is repeated whenever something it is made of may have changed and after every restart of
 * the agent, so it must be idempotent; `tearDown` gets only the directory, because the pod may be long gone.
 */
export interface VolumePlugin<S> {
  /** The key under `pod.spec.volumes[]`, e.g. `emptyDir`. */
  readonly sourceField: string;
  /** Rejects with the text that users see in the pod's events. */
  setUp(request: MountRequest<S>, context: VolumeContext): Promise<MountedVolume>;
  /** Before the directory itself is removed. Absent: there is nothing more to undo. */
  tearDown?(directory: string, context: VolumeContext): Promise<void>;
}
