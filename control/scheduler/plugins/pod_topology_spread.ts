import type { TopologySpreadConstraint } from "../../../shared/api/core/v1/types.gen.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodCounts } from "../cache/pod_counters.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { createDefaultSelector, type DefaultSelector } from "../default_selector.ts";
import type { PluginArgs } from "../configuration/plugin_args.ts";
import {
  type ClusterEvent,
  maxNodeScore,
  type Plugin,
  type PluginHandle,
  type PodChange,
  skip,
  success,
  unresolvable,
  unschedulable,
  type Verdict,
} from "../framework.ts";
import {
  constraintsOf,
  countsNode,
  defaultConstraints as defaultConstraintsOf,
  hasAllKeys,
  hostnameLabel,
  type SpreadConstraint,
  systemDefaults,
} from "../spread_constraint.ts";

const missingLabel = unresolvable(
  "node(s) didn't match pod topology spread constraints (missing required label)",
);
const skewed = unschedulable("node(s) didn't match pod topology spread constraints");

/** A hard constraint with the matching pods in each of its domains. */
interface Domains {
  readonly constraint: SpreadConstraint;
  readonly counts: Map<string, number>;
  /** The count of the emptiest domain; absent until it is asked for. */
  min: number | undefined;
}
type HardState = readonly Domains[];

/** A soft constraint as far as it ranks nodes. */
interface Soft {
  readonly constraint: SpreadConstraint;
  /** Larger for topologies with more domains, so that small ones are not drowned. */
  readonly weight: number;
  readonly byNode: PodCounts;
  readonly byDomain: ReadonlyMap<string, number>;
}
interface SoftState {
  readonly constraints: readonly Soft[];
  /** Nodes outside of some topology: they come last. */
  readonly ignored: ReadonlySet<NodeInfo>;
}

/** Spreads pods over domains: hard constraints filter, soft and default ones rank (KEP-895, KEP-3094, KEP-3022). */
export function podTopologySpread(
  handle: PluginHandle,
  { PodTopologySpread: { defaultingType, defaultConstraints } }: PluginArgs,
): Plugin<HardState, SoftState> {
  const defaults: Defaults = {
    isSystem: defaultingType === "System",
    constraints: defaultingType === "System" ? systemDefaults : defaultConstraints,
    selectorOf: createDefaultSelector(handle),
  };
  const hard = (pod: PodInfo) => effectiveConstraints(pod, "DoNotSchedule", defaults);
  const isInTopology = (pod: PodInfo, { node }: ClusterEvent) => hasAllKeys(node!, hard(pod));
  const isCounted = (pod: PodInfo, { pod: other }: ClusterEvent) =>
    other!.namespace === pod.namespace &&
    hard(pod).some(({ selector }) => selector.matches(other!.labels) || other!.isTerminating);
  return {
    name: "PodTopologySpread",
    preFilter(pod) {
      const constraints = hard(pod);
      if (constraints.length === 0) return skip;
      return { code: "Success", state: domainsOf(pod, constraints, handle) };
    },
    filter: (_pod, node, state) => filter(node, state),
    cloneState: (state) =>
      state.map((domains) => ({ ...domains, counts: new Map(domains.counts) })),
    update,
    preScore(pod, nodes) {
      const state = softState(pod, nodes, handle, defaults);
      return state ? { code: "Success", state } : skip;
    },
    score: (_pod, node, state) => score(node, state),
    normalize,
    wakeOn: {
      NodeAdd: isInTopology,
      NodeDelete: () => true,
      NodeLabels: isInTopology,
      NodeTaints: isInTopology,
      PodAdd: isCounted,
      PodLabels: () => true,
      PodDelete: isCounted,
    },
  };
}

function domainsOf(
  pod: PodInfo,
  constraints: readonly SpreadConstraint[],
  { cluster }: PluginHandle,
): HardState {
  const keys = constraints.map(({ topologyKey }) => topologyKey);
  const domains = cluster.domains(keys);
  const { selector, required } = pod.placement;
  const isAnywhere = selector === undefined && required === undefined;
  return constraints.map((constraint) => {
    const { topologyKey, honorsAffinity, honorsTaints, query } = constraint;
    const byNode = cluster.count(query);
    const countsAll = !honorsTaints && (isAnywhere || !honorsAffinity);
    // Where every node counts, only those with pods to count need a look.
    const counts = new Map<string, number>();
    if (countsAll) { for (const domain of domains.get(topologyKey)!) counts.set(domain, 0); }
    for (const node of countsAll ? byNode.keys() : cluster.nodes()) {
      if (!hasAllKeys(node, constraints) || !countsNode(constraint, pod, node)) continue;
      const domain = node.labels[topologyKey]!;
      counts.set(domain, (counts.get(domain) ?? 0) + (byNode.get(node) ?? 0));
    }
    return { constraint, counts, min: undefined };
  });
}

function filter(node: NodeInfo, state: HardState): Verdict {
  for (const domains of state) {
    const { constraint, counts } = domains;
    const domain = node.labels[constraint.topologyKey];
    if (domain === undefined) return missingLabel;
    const min = domains.min ??= emptiest(domains);
    const skew = (counts.get(domain) ?? 0) + constraint.self - min;
    if (skew > constraint.maxSkew) return skewed;
  }
  return success;
}

function emptiest({ constraint, counts }: Domains): number {
  if (counts.size < constraint.minDomains) return 0;
  let min = Infinity;
  for (const count of counts.values()) if (count < min) min = count;
  return min;
}

function update(state: HardState, { pod, other, node, by }: PodChange): void {
  if (other.namespace !== pod.namespace) return;
  if (!hasAllKeys(node, state.map(({ constraint }) => constraint))) return;
  for (const domains of state) {
    const { constraint, counts } = domains;
    if (!countsNode(constraint, pod, node) || !constraint.selector.matches(other.labels)) {
      continue;
    }
    const domain = node.labels[constraint.topologyKey]!;
    counts.set(domain, (counts.get(domain) ?? 0) + by);
    domains.min = undefined;
  }
}

function softState(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  handle: PluginHandle,
  defaults: Defaults,
): SoftState | undefined {
  const constraints = effectiveConstraints(pod, "ScheduleAnyway", defaults);
  if (constraints.length === 0) return undefined;
  // The system's defaults spread over machines even where no node has a zone.
  const needsAll = namesConstraints(pod) || !defaults.isSystem;
  const isInAll = (node: NodeInfo) => !needsAll || hasAllKeys(node, constraints);
  const ignored = new Set(needsAll ? nodes.filter((node) => !isInAll(node)) : []);
  return {
    ignored,
    constraints: constraints.map((constraint) => {
      const byNode = handle.cluster.count(constraint.query);
      if (constraint.topologyKey === hostnameLabel) {
        const weight = topologyWeight(nodes.length - ignored.size);
        return { constraint, weight, byNode, byDomain: new Map() };
      }
      const byDomain = candidateDomains(constraint, nodes, ignored);
      const weight = topologyWeight(byDomain.size);
      for (const [node, count] of byNode) {
        const known = byDomain.get(node.labels[constraint.topologyKey] ?? "");
        if (known === undefined || !isInAll(node) || !countsNode(constraint, pod, node)) continue;
        byDomain.set(node.labels[constraint.topologyKey] ?? "", known + count);
      }
      return { constraint, weight, byNode, byDomain };
    }),
  };
}

/** What spreads pods that name no constraints. */
interface Defaults {
  readonly isSystem: boolean;
  readonly constraints: readonly TopologySpreadConstraint[];
  readonly selectorOf: DefaultSelector;
}

/** A pod's own constraints, else the default ones. */
function effectiveConstraints(
  pod: PodInfo,
  kind: "DoNotSchedule" | "ScheduleAnyway",
  defaults: Defaults,
): readonly SpreadConstraint[] {
  if (namesConstraints(pod)) return constraintsOf(pod, kind);
  const { constraints, selectorOf } = defaults;
  if (!constraints.some(({ whenUnsatisfiable }) => whenUnsatisfiable === kind)) return [];
  const selector = selectorOf(pod);
  return selector ? defaultConstraintsOf(pod, constraints, { kind, selector }) : [];
}

function namesConstraints({ pod: { spec } }: PodInfo): boolean {
  return (spec?.topologySpreadConstraints?.length ?? 0) > 0;
}

/** The domains of the nodes to be ranked, empty yet. */
function candidateDomains(
  { topologyKey }: SpreadConstraint,
  nodes: readonly NodeInfo[],
  ignored: ReadonlySet<NodeInfo>,
): Map<string, number> {
  const domains = new Map<string, number>();
  for (const node of nodes) if (!ignored.has(node)) domains.set(node.labels[topologyKey] ?? "", 0);
  return domains;
}

function topologyWeight(domains: number): number {
  return Math.log(domains + 2);
}

function score(node: NodeInfo, { constraints, ignored }: SoftState): number {
  if (ignored.has(node)) return 0;
  let sum = 0;
  for (const { constraint, weight, byNode, byDomain } of constraints) {
    const domain = node.labels[constraint.topologyKey];
    if (domain === undefined) continue;
    const isHost = constraint.topologyKey === hostnameLabel;
    const count = (isHost ? byNode.get(node) : byDomain.get(domain)) ?? 0;
    sum += count * weight + (constraint.maxSkew - 1);
  }
  return Math.round(sum);
}

function normalize(scores: Float64Array, nodes: readonly NodeInfo[], { ignored }: SoftState): void {
  let min = Infinity;
  let max = 0;
  for (let index = 0; index < scores.length; index++) {
    if (ignored.size > 0 && ignored.has(nodes[index]!)) continue;
    min = Math.min(min, scores[index]!);
    max = Math.max(max, scores[index]!);
  }
  for (let index = 0; index < scores.length; index++) {
    if (ignored.size > 0 && ignored.has(nodes[index]!)) scores[index] = 0;
    else if (max === 0) scores[index] = maxNodeScore;
    else scores[index] = Math.trunc(maxNodeScore * (max + min - scores[index]!) / max);
  }
}
