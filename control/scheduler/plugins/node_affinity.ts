import {
  compileNodeSelector,
  compileNodeSelectorTerm,
  nodeNamesOf,
} from "../cache/node_selector.ts";
import type { Placement, PodInfo } from "../cache/pod_info.ts";
import type { PluginArgs } from "../configuration/plugin_args.ts";
import {
  type ClusterEvent,
  type Plugin,
  type PluginHandle,
  skip,
  success,
  unresolvable,
} from "../framework.ts";
import { normalizeToMax } from "../normalize.ts";

const mismatch = unresolvable("node(s) didn't match Pod's node affinity/selector");
const enforced = unresolvable("node(s) didn't match scheduler-enforced node affinity");
const conflict = unresolvable("pod affinity terms conflict");

/** Follows a pod's `nodeSelector` and its required and preferred node affinity, and those of its profile. */
export function nodeAffinity(
  _handle: PluginHandle,
  { NodeAffinity: { addedAffinity } }: PluginArgs,
): Plugin<undefined, Placement["preferred"]> {
  const required = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const addedRequired = required && compileNodeSelector(required);
  const addedPreferred = (addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
    (
      { weight, preference },
    ) => ({ weight, matches: compileNodeSelectorTerm(preference) }),
  );
  const acceptsNow = (pod: PodInfo, { node }: ClusterEvent) =>
    (addedRequired?.(node!) ?? true) && pod.acceptsNode(node!);
  return {
    name: "NodeAffinity",
    preFilter(pod) {
      const { selector, required } = pod.placement;
      if (!selector && !required && !addedRequired) return skip;
      const terms = pod.pod.spec?.affinity?.nodeAffinity
        ?.requiredDuringSchedulingIgnoredDuringExecution;
      const nodeNames = terms && nodeNamesOf(terms);
      if (nodeNames?.size === 0) return conflict;
      return { code: "Success", state: undefined, ...(nodeNames && { nodeNames }) };
    },
    filter(pod, node) {
      if (addedRequired && !addedRequired(node)) return enforced;
      return pod.acceptsNode(node) ? success : mismatch;
    },
    preScore(pod) {
      const state = [...addedPreferred, ...pod.placement.preferred];
      return state.length === 0 ? skip : { code: "Success", state };
    },
    score(_pod, node, preferred) {
      let sum = 0;
      for (const { weight, matches } of preferred) if (matches(node)) sum += weight;
      return sum;
    },
    normalize: (scores) => normalizeToMax(scores),
    wakeOn: { NodeAdd: acceptsNow, NodeLabels: acceptsNow },
  };
}
