import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Client } from "../../shared/client/client.ts";
import type { EventRecorder } from "../../shared/client/events.ts";
import type { DiscoveredResource } from "../../shared/client/discovery.ts";
import type { InformerSet, ObjectKey } from "../../shared/informer/informer.ts";
import type { Log } from "../../shared/log/log.ts";

/** What a reconcile run came to. A thrown error means: again, after the queue's back-off. */
export type Result =
  | { readonly done: true }
  /** Look again later although nothing may change, e.g. when a deadline falls due. */
  | { readonly requeueAfterMs: number };
export const done: Result = { done: true };

/** What a controller is given. It acts on the world through `client` alone, as its own user. */
export interface ControllerContext {
  readonly client: Client;
  readonly informers: InformerSet;
  /** Informers that hold only `apiVersion`, `kind` and `metadata`, for loops that look at every kind. */
  readonly metadataInformers: InformerSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventRecorder;
  readonly log: Log;
  readonly config: ControllerConfig;
  /** Asks for a run of `reconcile(key)`, now or after `delayMs`. Keys asked for twice run once. */
  enqueue(key: ObjectKey, delayMs?: number): void;
}

/** Cluster-wide settings that controllers read. */
export interface ControllerConfig {
  readonly clusterCidr: string;
  /** Prefix length of each node's pod network. */
  readonly nodeCidrMaskSize: number;
  /** PEM of the cluster CA, for `kube-root-ca.crt`. */
  readonly caBundle: string;
  /** How long a node may be silent before it is unknown. */
  readonly nodeMonitorGraceMs: number;
  /** Every resource of the API as of now. Throws if any group cannot be read: a part is not good enough to delete by. */
  discover(): Promise<readonly DiscoveredResource[]>;
}

/**
 * One control loop. It sees keys, never events: a run reads the current state from informers and moves it one
 * step nearer to what is wanted. Runs of one key never overlap; runs of different keys may. It may be stopped
 * between any two steps and started elsewhere, so every run must cope with half-done work.
 */
export interface ControllerDefinition {
  /** As in the user name `system:serviceaccount:kube-system:<account>`. */
  readonly name: string;
  /** The service account it acts as, e.g. `replicaset-controller`. */
  readonly account: string;
  /** How many keys may be worked on at once. Default 1. */
  readonly workers?: number;
  /** Sets up informers and handlers; called once. Returns the loop's body. */
  setup(context: ControllerContext): (key: ObjectKey, signal: AbortSignal) => Promise<Result>;
}
