import type { KubeObject } from "../../shared/api/kind.ts";
import type { Client } from "../../shared/client/client.ts";
import type { Resource } from "../../shared/client/resource.ts";
import type { Informer } from "../../shared/informer/informer.ts";
import type { ClusterView } from "./cache/cluster_view.ts";
import type { NodeInfo } from "./cache/node_info.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import type { PluginArgs } from "./configuration/plugin_args.ts";

/** The best score that a plugin may give a node; the worst is 0. */
export const maxNodeScore = 100;

/** A pod does not fit a node (or any). `Unresolvable`: not even if other pods made room. */
export interface Rejection {
  readonly code: "Unschedulable" | "UnschedulableAndUnresolvable";
  /** Kubernetes' words: they are counted over all nodes and shown to users. */
  readonly reasons: readonly string[];
}
/** Something is broken; the pod is tried again after a back-off. */
export interface Failure {
  readonly code: "Error";
  readonly error: Error;
}
/** The plugin has nothing to say about this pod; its other points are not called in this cycle. */
export interface Skip {
  readonly code: "Skip";
}
export interface Success {
  readonly code: "Success";
}
export type Verdict = Success | Rejection | Failure;

export const success: Success = { code: "Success" };
export const skip: Skip = { code: "Skip" };

/** A rejection that other pods' leaving could change. Plugins make theirs once: they are given for every node. */
export function unschedulable(...reasons: string[]): Rejection {
  return { code: "Unschedulable", reasons };
}

/** A rejection that stays whichever pods leave. */
export function unresolvable(...reasons: string[]): Rejection {
  return { code: "UnschedulableAndUnresolvable", reasons };
}

/** Whether a verdict says that the pod does not fit. */
export function isRejection(verdict: { readonly code: string }): verdict is Rejection {
  return verdict.code === "Unschedulable" || verdict.code === "UnschedulableAndUnresolvable";
}

/** What preFilter found: state for this pod's filter calls and, if it knows, the only nodes worth a look. */
export interface PreFiltered<F> extends Success {
  readonly state: F;
  readonly nodeNames?: ReadonlySet<string>;
}

/** What happened in the cluster, as far as it can make a waiting pod fit. */
export type EventKind =
  | "NodeAdd"
  | "NodeDelete"
  | "NodeAllocatable"
  | "NodeDeclaredFeatures"
  | "NodeLabels"
  | "NodeTaints"
  | "PodAdd"
  | "PodLabels"
  | "PodScaleDown"
  | "PodDelete"
  | "NamespaceLabels"
  | "Storage";

/** One event for the queue. Node and pod are as they are after it (a deleted pod as it was last). */
export interface ClusterEvent {
  readonly kind: EventKind;
  readonly node?: NodeInfo | undefined;
  readonly pod?: PodInfo | undefined;
  /** For `Storage`: the claim (of a volume or of devices), volume, class, driver, capacity or CSI node. */
  readonly object?: KubeObject | undefined;
}

/** Whether `event` may let `pod`, which this plugin rejected, be placed. Wrong yeses cost work, wrong noes 5 minutes. */
export type QueueingHint = (pod: PodInfo, event: ClusterEvent) => boolean;

/** Points around the queue. */
export interface QueuePoints {
  /** Whether the pod may enter the active queue at all. Called whenever it would. */
  preEnqueue?(pod: PodInfo): Verdict;
  /** Less than 0 if `a` goes first. Exactly one plugin of a profile has this. */
  queueSort?(a: Queued, b: Queued): number;
  /** The events worth waking a pod for that this plugin rejected. */
  readonly wakeOn?: Readonly<Partial<Record<EventKind, QueueingHint>>>;
}

/** What queueSort sees of a waiting pod. */
export interface Queued {
  readonly pod: PodInfo;
  /** When it entered the queue this time, monotonic milliseconds. */
  readonly since: number;
  /** Tells pods of the same moment apart, in the order of their arrival. */
  readonly order: number;
}

/**
 * Points that decide where a pod fits. A cycle runs without interruption, so nothing changes between the calls of one
 * cycle. `filter` runs for every node looked at: it must not allocate unless it rejects.
 */
export interface FilterPoints<F> {
  preFilter?(pod: PodInfo): PreFiltered<F> | Skip | Rejection | Failure;
  filter?(pod: PodInfo, node: NodeInfo, state: F): Verdict;
  /** A copy that `update` may change: for dry runs. Absent if the state does not depend on pods. */
  cloneState?(state: F): F;
  /** Corrects a cloned state as if `change.other` were put on, or taken off, `change.node`. */
  update?(state: F, change: PodChange): void;
}

export interface PodChange {
  /** The pod being placed. */
  readonly pod: PodInfo;
  readonly other: PodInfo;
  readonly node: NodeInfo;
  readonly by: 1 | -1;
}

/** Points that rank the nodes that fit. */
export interface ScorePoints<S> {
  preScore?(pod: PodInfo, nodes: readonly NodeInfo[]): (Success & { readonly state: S }) | Skip;
  /** Whole numbers, 0 to 100 unless `normalize` brings them there. */
  score?(pod: PodInfo, node: NodeInfo, state: S): number;
  /** Changes the scores of `nodes`, in their order, in place. */
  normalize?(scores: Float64Array, nodes: readonly NodeInfo[], state: S): void;
}

/** Points after the choice. `reserve` is called in the cycle, the others beside later cycles. */
export interface BindPoints {
  reserve?(pod: PodInfo, node: NodeInfo): Verdict;
  /** Takes back `reserve`; may come without it, and twice. */
  unreserve?(pod: PodInfo, node: NodeInfo): void;
  /** Undefined if there is nothing to do. A rejection sends the pod back to the queue. */
  preBind?(pod: PodInfo, node: NodeInfo): Promise<void> | undefined;
  /** The first plugin that has this binds. Throws what the API answered. */
  bind?(pod: PodInfo, node: NodeInfo): Promise<void>;
}

/** Called when no node fits. May make room; `message` is added to the reason that users see. */
export interface PostFilterPoint {
  postFilter?(attempt: FailedAttempt): PostFilterResult;
}

/** A cycle that found no node. */
export interface FailedAttempt {
  readonly pod: PodInfo;
  /** Why not, for every node that was looked at. */
  readonly verdicts: ReadonlyMap<NodeInfo, Rejection>;
  /** Why not, for all other nodes. */
  readonly others: Rejection | undefined;
  /** Plugins that were never asked, because others had refused the pod before. */
  readonly unprepared: ReadonlySet<string>;
  /** Starts a dry run on a copy of one node. Its filter states are copies, too. */
  dryRun(node: NodeInfo): DryRun;
}

/** A node as it would be with other pods on it. */
export interface DryRun {
  readonly node: NodeInfo;
  add(pod: PodInfo): void;
  remove(pod: PodInfo): void;
  /** The verdict of all filters, nominated pods of at least the same priority included. */
  filter(): Verdict;
}

export interface PostFilterResult {
  readonly message?: string | undefined;
  /** The node that will have room; "" withdraws an earlier nomination; absent leaves it. */
  readonly nominatedNodeName?: string | undefined;
}

/** One concern of placement. Implement the points it needs, leave the rest out. */
export interface Plugin<F = unknown, S = unknown>
  extends QueuePoints, FilterPoints<F>, ScorePoints<S>, BindPoints, PostFilterPoint {
  readonly name: string;
}

/** What plugins are given when they are made. */
export interface PluginHandle {
  readonly cluster: ClusterView;
  readonly client: Client;
  /** The local copy of a resource. To be asked for when the plugin is made: scheduling waits for its first list. */
  lister<T extends KubeObject>(resource: Resource<T>): Informer<T>;
  /** A number in [0, 1). */
  random(): number;
  /** Carries out a preemption beside later cycles. */
  preempt(preemption: Preemption): void;
  /** Runs `task` with a signal that is aborted after `ms` ("context deadline exceeded"), or when the scheduler stops. */
  within<T>(ms: number, task: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Resolves as soon as `test` holds of the object `key`; rejects when it throws or `signal` is aborted. */
  waitFor<T extends KubeObject>(
    resource: Resource<T>,
    key: string,
    test: (object: T | undefined) => boolean,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Pods that must go so that `pod` fits `nodeName`. */
export interface Preemption {
  readonly pod: PodInfo;
  readonly nodeName: string;
  readonly victims: readonly PodInfo[];
}

/** Makes a plugin; `args` are those of all plugins, each takes its own. */
export type PluginFactory = (handle: PluginHandle, args: PluginArgs) => Plugin;
