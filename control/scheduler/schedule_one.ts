import type { Nominations } from "./cache/nominations.ts";
import type { ClusterView } from "./cache/cluster_view.ts";
import type { NodeInfo } from "./cache/node_info.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import { Cycle } from "./cycle.ts";
import { type Diagnosis, fitErrorMessage } from "./fit_error.ts";
import { isRejection, type Plugin, type PostFilterResult, type Rejection } from "./framework.ts";
import type { Profile } from "./profile.ts";

/** What came of one pod's turn. */
export type Outcome =
  | { readonly code: "Placed"; readonly node: NodeInfo }
  | {
    readonly code: "Unschedulable";
    readonly message: string;
    /** The plugins whose events may change that. */
    readonly rejectedBy: ReadonlySet<string>;
    /** As in PostFilterResult. */
    readonly nominatedNodeName?: string | undefined;
  }
  | { readonly code: "Error"; readonly error: Error };

export interface PlacerOptions {
  readonly profile: Profile;
  readonly cluster: ClusterView;
  readonly nominations: Nominations;
  /** A number in [0, 1): breaks ties. */
  readonly random: () => number;
}

/** Fewer nodes than this are all looked at. */
const minFeasibleNodes = 100;
const minFeasiblePercent = 5;

interface Found {
  readonly feasible: readonly NodeInfo[];
  readonly diagnosis: Diagnosis;
  readonly rejectedBy: Set<string>;
  readonly unprepared?: ReadonlySet<string>;
}

const nobody: ReadonlySet<string> = new Set();

/** Chooses nodes for pods: the same cluster, pods and random numbers give the same choices. It changes nothing. */
export class Placer {
  readonly #options: PlacerOptions;
  /** Where the last search ended, so that every node has its chance. */
  #start = 0;
  #total = new Float64Array(0);
  #scores = new Float64Array(0);

  constructor(options: PlacerOptions) {
    this.#options = options;
  }

  /** Chooses a node. If none fits, the post filters may ask for room (through their handle). */
  place(pod: PodInfo): Outcome {
    const { profile, cluster, nominations } = this.#options;
    const nodes = cluster.nodes();
    if (nodes.length === 0) {
      const message = "no nodes available to schedule pods";
      return { code: "Unschedulable", message, rejectedBy: new Set() };
    }
    const prepared = Cycle.prepare(pod, profile, nominations);
    if ("stopped" in prepared) {
      const { stopped, plugin } = prepared;
      if (stopped.code === "Error") return stopped;
      const found = {
        feasible: [],
        diagnosis: stoppedDiagnosis(stopped, nodes.length),
        rejectedBy: new Set([plugin]),
        unprepared: pluginsAfter(plugin, profile.preFilters),
      };
      return this.#unschedulable(pod, found, undefined);
    }
    const { cycle } = prepared;
    const found = this.#nominated(cycle) ?? this.#find(cycle, nodes);
    if (found instanceof Error) return { code: "Error", error: found };
    const { feasible } = found;
    if (feasible.length === 0) return this.#unschedulable(pod, found, cycle);
    return {
      code: "Placed",
      node: feasible.length === 1 ? feasible[0]! : this.#best(pod, feasible),
    };
  }

  /** The node where room was made, if the pod fits there now. */
  #nominated(cycle: Cycle): Found | undefined {
    const { cluster, nominations } = this.#options;
    const name = nominations.nodeOf(cycle.pod.uid) ?? cycle.pod.nominatedNodeName;
    const node = name === undefined ? undefined : cluster.node(name);
    if (!node || (cycle.nodeNames && !cycle.nodeNames.has(node.name))) return undefined;
    if (cycle.filter(node).code !== "Success") return undefined;
    return {
      feasible: [node],
      diagnosis: { nodeCount: 1, verdicts: new Map() },
      rejectedBy: new Set(),
    };
  }

  #find(cycle: Cycle, all: readonly NodeInfo[]): Found | Error {
    const nodes = cycle.nodeNames ? namedNodes(cycle.nodeNames, this.#options.cluster) : all;
    const { percentageOfNodesToScore, scores } = this.#options.profile;
    // Without anything to rank by, the first that fits is as good as any.
    const enough = scores.length === 0
      ? 1
      : feasibleNodesToFind(nodes.length, percentageOfNodesToScore);
    const feasible: NodeInfo[] = [];
    const verdicts = new Map<NodeInfo, Rejection>();
    const rejectedBy = new Set(cycle.narrowedBy);
    let seen = 0;
    for (; seen < nodes.length && feasible.length < enough; seen++) {
      const node = nodes[(this.#start + seen) % nodes.length]!;
      const verdict = cycle.filter(node);
      if (verdict.code === "Success") feasible.push(node);
      else if (isRejection(verdict)) {
        verdicts.set(node, verdict);
        rejectedBy.add(cycle.rejectedBy);
      } else if (verdict.code === "Error") return verdict.error;
    }
    this.#start = (this.#start + seen) % all.length;
    const others = cycle.nodeNames && cycle.narrowed;
    return { feasible, rejectedBy, diagnosis: { nodeCount: all.length, verdicts, others } };
  }

  #unschedulable(pod: PodInfo, found: Found, cycle: Cycle | undefined): Outcome {
    const { diagnosis, rejectedBy } = found;
    const after = this.#postFilter(pod, found, cycle);
    return {
      code: "Unschedulable",
      message: fitErrorMessage(diagnosis, after?.message),
      rejectedBy,
      nominatedNodeName: after?.nominatedNodeName,
    };
  }

  #postFilter(
    pod: PodInfo,
    { diagnosis: { verdicts, others }, unprepared = nobody }: Found,
    cycle: Cycle | undefined,
  ): PostFilterResult | undefined {
    for (const plugin of this.#options.profile.postFilters) {
      const dryRun = (node: NodeInfo) => {
        if (!cycle) {
          throw new TypeError(`Cannot try pod ${pod.key} on a node: it was refused before`);
        }
        return cycle.dryRun(node);
      };
      const result = plugin.postFilter!({ pod, verdicts, others, unprepared, dryRun });
      if (result.nominatedNodeName || result.message) return result;
    }
    return undefined;
  }

  #best(pod: PodInfo, nodes: readonly NodeInfo[]): NodeInfo {
    const total = this.#score(pod, nodes);
    let best = 0;
    let ties = 1;
    for (let index = 1; index < nodes.length; index++) {
      if (total[index]! > total[best]!) {
        best = index;
        ties = 1;
      } else if (total[index] === total[best]) {
        ties++;
        // Each of k equals is taken with 1/k, so all have the same chance in the end.
        if (this.#options.random() * ties < 1) best = index;
      }
    }
    return nodes[best]!;
  }

  #score(pod: PodInfo, nodes: readonly NodeInfo[]): Float64Array {
    if (this.#total.length < nodes.length) this.#total = new Float64Array(nodes.length);
    const total = this.#total.subarray(0, nodes.length).fill(0);
    this.#eachScore(pod, nodes, (_name, scores) => {
      for (let index = 0; index < nodes.length; index++) total[index]! += scores[index]!;
    });
    return total;
  }

  /** The weighted scores of `nodes`, in their order, by plugin; of those alone that have something to say. */
  scoresByPlugin(pod: PodInfo, nodes: readonly NodeInfo[]): Map<string, Float64Array> {
    const byPlugin = new Map<string, Float64Array>();
    this.#eachScore(pod, nodes, (name, scores) => byPlugin.set(name, scores.slice()));
    return byPlugin;
  }

  #eachScore(
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    use: (name: string, scores: Float64Array) => void,
  ): void {
    if (this.#scores.length < nodes.length) this.#scores = new Float64Array(nodes.length);
    const scores = this.#scores.subarray(0, nodes.length);
    const { preScores, scores: scorers } = this.#options.profile;
    for (const { plugin, weight } of scorers) {
      if (plugin.preScore && !preScores.includes(plugin)) continue;
      const prepared = plugin.preScore?.(pod, nodes);
      if (prepared?.code === "Skip") continue;
      const state = prepared?.state;
      for (let index = 0; index < nodes.length; index++) {
        scores[index] = plugin.score!(pod, nodes[index]!, state);
      }
      plugin.normalize?.(scores, nodes, state);
      for (let index = 0; index < nodes.length; index++) scores[index]! *= weight;
      use(plugin.name, scores);
    }
  }
}

/**
 * How many fitting nodes end the search: all of up to 100; of more the share asked for, or (`percentage` 0) one that
 * falls from 50 % to 5 %.
 */
export function feasibleNodesToFind(nodeCount: number, percentage = 0): number {
  if (nodeCount < minFeasibleNodes) return nodeCount;
  const adapted = Math.max(50 - Math.floor(nodeCount / 125), minFeasiblePercent);
  const percent = percentage || adapted;
  return Math.max(Math.floor(nodeCount * percent / 100), minFeasibleNodes);
}

function pluginsAfter(name: string, plugins: readonly Plugin[]): ReadonlySet<string> {
  const names = plugins.map((plugin) => plugin.name);
  return new Set(names.slice(names.indexOf(name) + 1));
}

function stoppedDiagnosis(stopped: Rejection, nodeCount: number): Diagnosis {
  const preFilterMessage = stopped.reasons.join(", ");
  return { nodeCount, verdicts: new Map(), others: stopped, preFilterMessage };
}

function namedNodes(names: ReadonlySet<string>, cluster: ClusterView): readonly NodeInfo[] {
  const nodes: NodeInfo[] = [];
  for (const name of names) {
    const node = cluster.node(name);
    if (node) nodes.push(node);
  }
  return nodes;
}
