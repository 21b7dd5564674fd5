import type { Labels } from "../../../shared/meta/labels.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import type { Lister } from "../../../shared/informer/informer.ts";
import { type AffinityTerm, termSelects } from "../cache/affinity_term.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodCounts, PodQuery } from "../cache/pod_counters.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import type { PlacedTerm } from "../cache/placed_terms.ts";
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
import { TopologyCounts } from "../topology_counts.ts";

const repelledByPlaced = unschedulable(
  "node(s) didn't satisfy existing pods anti-affinity rules",
);
const noAffinity = unresolvable("node(s) didn't match pod affinity rules");
const hasAntiAffinity = unschedulable("node(s) didn't match pod anti-affinity rules");

/** What a pod's required terms, and those of placed pods about it, say of each domain. */
interface State {
  readonly affinity: readonly PodTerm[];
  readonly antiAffinity: readonly PodTerm[];
  readonly namespaceLabels: Labels;
  /** Placed pods that match all of the pod's affinity terms. */
  readonly attracting: TopologyCounts;
  /** Placed pods that match an anti-affinity term. */
  readonly avoided: TopologyCounts;
  /** Placed pods with an anti-affinity term that selects the pod. */
  readonly repelling: TopologyCounts;
}
/** A term of the pod being placed, its namespace selector worked out. */
interface PodTerm {
  readonly topologyKey: string;
  readonly query: PodQuery;
}

/** Keeps pods near to, or away from, other pods. Anti-affinity holds both ways: placed pods' terms are kept, too. */
export function interPodAffinity(
  handle: PluginHandle,
  { InterPodAffinity: args }: PluginArgs,
): Plugin<State, TopologyCounts> {
  const namespaces = handle.lister(resources.namespaces);
  const labelsOf = ({ namespace }: PodInfo) => namespaces.get(namespace)?.metadata.labels;
  return {
    name: "InterPodAffinity",
    preFilter(pod) {
      const state = stateOf(pod, handle, namespaces, labelsOf(pod));
      return state ? { code: "Success", state } : skip;
    },
    filter: (pod, node, state) => filter(pod, node, state),
    cloneState: (state) => ({
      ...state,
      attracting: state.attracting.clone(),
      avoided: state.avoided.clone(),
      repelling: state.repelling.clone(),
    }),
    update,
    preScore(pod) {
      const { preferred, preferredAnti } = pod.affinities;
      const hasPreferences = preferred.length + preferredAnti.length > 0;
      if (args.ignorePreferredTermsOfExistingPods && !hasPreferences) return skip;
      const state = topologyScores(pod, handle, namespaces, {
        namespaceLabels: labelsOf(pod),
        hardWeight: args.hardPodAffinityWeight,
      });
      return state.isEmpty ? skip : { code: "Success", state };
    },
    score: (_pod, node, state) => state.sum(node),
    normalize,
    wakeOn: {
      NodeAdd: () => true,
      NodeLabels: () => true,
      NamespaceLabels: () => true,
      PodAdd: (pod, event) => attracts(pod, event, namespaces),
      PodLabels: () => true,
      PodDelete: (pod, event) => repelled(pod, event, namespaces, labelsOf(pod)),
    },
  };
}

function stateOf(
  pod: PodInfo,
  { cluster }: PluginHandle,
  namespaces: Lister<Namespace>,
  namespaceLabels: Labels,
): State | undefined {
  const { required, requiredAnti } = pod.affinities;
  const repelling = new TopologyCounts();
  for (const placed of cluster.placedTerms()) {
    if (placed.kind !== "requiredAnti") continue;
    if (termSelects(placed.term, pod, namespaceLabels)) addAll(repelling, placed, 1);
  }
  if (required.length === 0 && requiredAnti.length === 0 && repelling.isEmpty) return undefined;
  const affinity = required.map((term) => podTerm(term, namespaces));
  const antiAffinity = requiredAnti.map((term) => podTerm(term, namespaces));
  const attracting = new TopologyCounts();
  const avoided = new TopologyCounts();
  if (affinity.length > 0) {
    const counts = cluster.count(allOf(affinity));
    for (const { topologyKey } of affinity) attracting.addAll(topologyKey, counts, 1);
  }
  for (const { topologyKey, query } of antiAffinity) {
    avoided.addAll(topologyKey, cluster.count(query), 1);
  }
  return { affinity, antiAffinity, namespaceLabels, attracting, avoided, repelling };
}

function filter(pod: PodInfo, node: NodeInfo, state: State): Verdict {
  if (!isAttracted(pod, node, state)) return noAffinity;
  for (const { topologyKey } of state.antiAffinity) {
    if (state.avoided.at(topologyKey, node) > 0) return hasAntiAffinity;
  }
  return state.repelling.sum(node) > 0 ? repelledByPlaced : success;
}

function isAttracted(pod: PodInfo, node: NodeInfo, { affinity, attracting }: State): boolean {
  let hasAll = true;
  for (const { topologyKey } of affinity) {
    if (node.labels[topologyKey] === undefined) return false;
    if (attracting.at(topologyKey, node) <= 0) hasAll = false;
  }
  // The first of a group that wants to be together may go anywhere.
  return hasAll || attracting.isEmpty && matchesAll(affinity, pod);
}

function update(state: State, { pod, other, node, by }: PodChange): void {
  for (const term of other.affinities.requiredAnti) {
    if (termSelects(term, pod, state.namespaceLabels)) {
      state.repelling.add(term.topologyKey, node, by);
    }
  }
  if (state.affinity.length > 0 && matchesAll(state.affinity, other)) {
    for (const { topologyKey } of state.affinity) state.attracting.add(topologyKey, node, by);
  }
  for (const term of state.antiAffinity) {
    if (matchesTerm(term, other)) state.avoided.add(term.topologyKey, node, by);
  }
}

function topologyScores(
  pod: PodInfo,
  { cluster }: PluginHandle,
  namespaces: Lister<Namespace>,
  { namespaceLabels, hardWeight }: {
    readonly namespaceLabels: Labels;
    readonly hardWeight: number;
  },
): TopologyCounts {
  const scores = new TopologyCounts();
  const { preferred, preferredAnti } = pod.affinities;
  const own = (term: AffinityTerm, weight: number) => {
    const { topologyKey, query } = podTerm(term, namespaces);
    scores.addAll(topologyKey, cluster.count(query), weight);
  };
  for (const { term, weight } of preferred) own(term, weight);
  for (const { term, weight } of preferredAnti) own(term, -weight);
  for (const placed of cluster.placedTerms()) {
    if (placed.kind === "requiredAnti" || !termSelects(placed.term, pod, namespaceLabels)) continue;
    const weight = placed.kind === "required" ? hardWeight : placed.weight;
    if (weight === 0) continue;
    addAll(scores, placed, placed.kind === "preferredAnti" ? -weight : weight);
  }
  return scores;
}

function normalize(scores: Float64Array): void {
  let min = Infinity;
  let max = -Infinity;
  for (const score of scores) {
    if (score < min) min = score;
    if (score > max) max = score;
  }
  const range = max - min;
  for (let index = 0; index < scores.length; index++) {
    scores[index] = range > 0 ? Math.trunc(maxNodeScore * ((scores[index]! - min) / range)) : 0;
  }
}

function addAll(to: TopologyCounts, { term, counts }: PlacedTerm, weight: number): void {
  to.addAll(term.topologyKey, counts as PodCounts, weight);
}

function podTerm(term: AffinityTerm, namespaces: Lister<Namespace>): PodTerm {
  const names = namespacesOf(term, namespaces);
  const list = names ? [...names].sort().join(",") : "*";
  return {
    topologyKey: term.topologyKey,
    query: {
      key: `affinity;${list};${term.selectorKey}`,
      namespaces: names,
      matches: (pod) => term.selector.matches(pod.labels),
    },
  };
}

/** Undefined: all namespaces. */
function namespacesOf(
  { namespaces: named, namespaceSelector }: AffinityTerm,
  namespaces: Lister<Namespace>,
): ReadonlySet<string> | undefined {
  if (!namespaceSelector) return named;
  if (namespaceSelector.requirements.length === 0) return undefined;
  const names = new Set(named);
  for (const { metadata } of namespaces.list()) {
    if (namespaceSelector.matches(metadata.labels)) names.add(metadata.name ?? "");
  }
  return names;
}

function allOf(terms: readonly PodTerm[]): PodQuery {
  const [first] = terms;
  if (terms.length === 1) return first!.query;
  return {
    key: `all;${terms.map(({ query }) => query.key).join(";")}`,
    matches: (pod) => matchesAll(terms, pod),
  };
}

function matchesAll(terms: readonly PodTerm[], pod: PodInfo): boolean {
  return terms.every((term) => matchesTerm(term, pod));
}

function matchesTerm({ query }: PodTerm, pod: PodInfo): boolean {
  return (!query.namespaces || query.namespaces.has(pod.namespace)) && query.matches(pod);
}

/** Whether a pod that came may be what `pod` wants to be near to. */
function attracts(pod: PodInfo, event: ClusterEvent, namespaces: Lister<Namespace>): boolean {
  return pod.affinities.required.some((term) => matchesTerm(podTerm(term, namespaces), event.pod!));
}

/** Whether a pod that went stood in the way, by its terms or by ours. */
function repelled(
  pod: PodInfo,
  event: ClusterEvent,
  namespaces: Lister<Namespace>,
  namespaceLabels: Labels,
): boolean {
  const gone = event.pod!;
  return gone.affinities.requiredAnti.some((term) => termSelects(term, pod, namespaceLabels)) ||
    pod.affinities.requiredAnti.some((term) => matchesTerm(podTerm(term, namespaces), gone)) ||
    // The last pod of a group gone, the next may start anywhere again.
    pod.affinities.required.length > 0;
}
