import type { DaemonSet } from "../../../shared/api/apps/v1/types.gen.ts";
import type { Node, Pod, Toleration } from "../../../shared/api/core/v1/types.gen.ts";
import { REVISION_HASH } from "../history/controller_history.ts";
import { tolerates } from "../node_lifecycle/taint_eviction.ts";
import { allowsNode } from "../pods/node_affinity.ts";
import { podFromTemplate } from "../pods/pod_from_template.ts";
import { isAvailable, isReady, isTerminal } from "../pods/pod_state.ts";
import { shareOf } from "../pods/share_of.ts";

/** What a daemon bears that other pods need not: it serves the node whatever its state. */
const daemonTolerations: readonly Toleration[] = [
  ["not-ready", "NoExecute"],
  ["unreachable", "NoExecute"],
  ["disk-pressure", "NoSchedule"],
  ["memory-pressure", "NoSchedule"],
  ["pid-pressure", "NoSchedule"],
  ["unschedulable", "NoSchedule"],
].map(([name, effect]) => ({ key: `node.kubernetes.io/${name}`, operator: "Exists", effect }));
const hostNetworkToleration: Toleration = {
  key: "node.kubernetes.io/network-unavailable",
  operator: "Exists",
  effect: "NoSchedule",
};

/** The pod of the set for one node; the scheduler binds it, as only it knows whether there is room. */
export function daemonPod(set: DaemonSet, node: string, hash: string): Pod {
  const { template } = set.spec;
  const pod = podFromTemplate(set, template);
  pod.metadata.labels = { ...pod.metadata.labels, [REVISION_HASH]: hash };
  const affinity = template.spec?.affinity;
  pod.spec = {
    ...template.spec!,
    tolerations: tolerationsOf(set),
    affinity: {
      ...affinity,
      nodeAffinity: {
        ...affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{
            matchFields: [{ key: "metadata.name", operator: "In", values: [node] }],
          }],
        },
      },
    },
  };
  return pod;
}

function tolerationsOf(set: DaemonSet): Toleration[] {
  const spec = set.spec.template.spec;
  const own = [...daemonTolerations, ...(spec?.hostNetwork ? [hostNetworkToleration] : [])];
  const given = spec?.tolerations ?? [];
  const isGiven = ({ key, effect }: Toleration) =>
    given.some((toleration) =>
      toleration.key === key && toleration.effect === effect && toleration.operator === "Exists" &&
      toleration.tolerationSeconds === undefined
    );
  return [...given, ...own.filter((toleration) => !isGiven(toleration))];
}

/** The node that a pod of the set is on, or is meant for. */
export function nodeNameOf(pod: Pod): string | undefined {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const required = pod.spec?.affinity?.nodeAffinity
    ?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const { matchFields = [] } of required?.nodeSelectorTerms ?? []) {
    const field = matchFields.find(({ key }) => key === "metadata.name");
    if (field) return field.values?.[0];
  }
  return undefined;
}

/** Whether the set wants a pod on the node, and whether one that is there may stay. */
export function eligibility(set: DaemonSet, node: Node): { run: boolean; stay: boolean } {
  const spec = set.spec.template.spec;
  if (spec?.nodeName && spec.nodeName !== node.metadata.name) return { run: false, stay: false };
  if (!allowsNode(spec, node)) return { run: false, stay: false };
  const tolerations = tolerationsOf(set);
  const borne = (taint: { key: string; effect: string }) =>
    tolerations.some((toleration) => tolerates(toleration, taint));
  const unborne = (node.spec?.taints ?? []).filter((taint) => !borne(taint));
  const stay = !unborne.some(({ effect }) => effect === "NoExecute");
  return { run: stay && !unborne.some(({ effect }) => effect === "NoSchedule"), stay };
}

/** What to do next. */
export interface DaemonPlan {
  /** Names of nodes that need a pod. */
  readonly create: readonly string[];
  readonly delete: readonly Pod[];
  /** Of those to delete, the ones that have ended by themselves. */
  readonly ended: readonly Pod[];
}

export interface DaemonState {
  readonly nodes: readonly Node[];
  /** Pods of the set by node. */
  readonly byNode: ReadonlyMap<string, readonly Pod[]>;
  /** Hash of the current template. */
  readonly hash: string;
  /** Wall-clock milliseconds. */
  readonly now: number;
  /** Whether a pod is going, as far as we know. */
  readonly isGoing: (pod: Pod) => boolean;
}

/** One pod on each eligible node, none elsewhere; then, if that is so, one step of a rolling update. */
export function planDaemons(set: DaemonSet, state: DaemonState): DaemonPlan {
  const create: string[] = [];
  const remove: Pod[] = [];
  const ended: Pod[] = [];
  const surge = maxSurge(set, state) > 0;
  for (const node of state.nodes) {
    const { name = "" } = node.metadata;
    const { run, stay } = eligibility(set, node);
    const pods = (state.byNode.get(name) ?? []).filter((pod) => !state.isGoing(pod));
    if (!stay) remove.push(...pods);
    else {
      ended.push(...pods.filter(isTerminal));
      const alive = pods.filter((pod) => !isTerminal(pod)).sort(byCreation);
      // During a surge the new pod starts beside the old one.
      const kept = surge
        ? [alive.find((pod) => !isUpdated(pod, state)), alive.find((pod) => isUpdated(pod, state))]
        : alive.slice(0, 1);
      remove.push(...alive.filter((pod) => !kept.includes(pod)));
      if (run && (state.byNode.get(name) ?? []).length === 0) create.push(name);
    }
  }
  const step = set.spec.updateStrategy?.type === "OnDelete" ? undefined : rollingStep(set, state);
  return {
    create: [...create, ...step?.create ?? []],
    delete: [...new Set([...remove, ...step?.delete ?? []])],
    ended,
  };
}

function isUpdated(pod: Pod, { hash }: Pick<DaemonState, "hash">): boolean {
  return pod.metadata.labels?.[REVISION_HASH] === hash;
}

function byCreation(a: Pod, b: Pod): number {
  return (a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1;
}

/** Nodes that want a pod. */
export function desiredNodes(set: DaemonSet, nodes: readonly Node[]): readonly Node[] {
  return nodes.filter((node) => eligibility(set, node).run);
}

function maxSurge(set: DaemonSet, { nodes }: DaemonState): number {
  const value = set.spec.updateStrategy?.rollingUpdate?.maxSurge;
  return value === undefined ? 0 : shareOf(value, desiredNodes(set, nodes).length, "up");
}

function rollingStep(
  set: DaemonSet,
  state: DaemonState,
): { create: readonly string[]; delete: readonly Pod[] } {
  const surge = maxSurge(set, state);
  const desired = desiredNodes(set, state.nodes);
  const unavailableShare = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  const limit = shareOf(unavailableShare, desired.length, "up");
  const maxUnavailable = surge === 0 ? Math.max(1, limit) : limit;
  const good = (pod: Pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, state.now);
  let unavailable = 0;
  let surging = 0;
  const replaceNow: Pod[] = [];
  const candidates: { node: string; pod: Pod }[] = [];
  for (const { metadata: { name = "" } } of desired) {
    const pods = (state.byNode.get(name) ?? []).filter((pod) =>
      !state.isGoing(pod) && !isTerminal(pod)
    );
    const fresh = pods.find((pod) => isUpdated(pod, state));
    const old = pods.find((pod) => !isUpdated(pod, state));
    if (fresh && old) {
      surging++;
      if (good(fresh)) replaceNow.push(old);
    } else if (!old) unavailable += fresh && good(fresh) ? 0 : 1;
    else if (good(old)) candidates.push({ node: name, pod: old });
    else {
      unavailable++;
      // It serves nobody: replacing it costs nothing.
      replaceNow.push(old);
    }
  }
  if (surge > 0) {
    const room = Math.max(0, surge - surging);
    return { create: candidates.slice(0, room).map(({ node }) => node), delete: replaceNow };
  }
  const room = Math.max(0, maxUnavailable - unavailable);
  return { create: [], delete: [...replaceNow, ...candidates.slice(0, room).map((c) => c.pod)] };
}

/** The numbers of a DaemonSet's status. */
export function daemonCounts(set: DaemonSet, state: DaemonState) {
  const counts = {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
    updatedNumberScheduled: 0,
    numberAvailable: 0,
    numberUnavailable: 0,
  };
  for (const node of state.nodes) {
    const pods = (state.byNode.get(node.metadata.name!) ?? []).filter((pod) => !isTerminal(pod));
    if (!eligibility(set, node).run) {
      if (pods.length > 0) counts.numberMisscheduled++;
      continue;
    }
    counts.desiredNumberScheduled++;
    if (pods.length === 0) continue;
    counts.currentNumberScheduled++;
    const newest = pods.toSorted(byCreation).at(-1)!;
    if (isUpdated(newest, state)) counts.updatedNumberScheduled++;
    if (!pods.some(isReady)) continue;
    counts.numberReady++;
    const minReady = set.spec.minReadySeconds ?? 0;
    if (pods.some((pod) => isAvailable(pod, minReady, state.now))) counts.numberAvailable++;
  }
  counts.numberUnavailable = counts.desiredNumberScheduled - counts.numberAvailable;
  return counts;
}
