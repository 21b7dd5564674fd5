import { resources } from "../../../shared/client/resources.gen.ts";
import { findCondition } from "../../../shared/meta/conditions.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import type { PluginArgs } from "../configuration/plugin_args.ts";
import { fitErrorMessage } from "../fit_error.ts";
import {
  type FailedAttempt,
  type Plugin,
  type PluginHandle,
  type PostFilterResult,
  type Rejection,
  unresolvable,
} from "../framework.ts";
import { leastHarm, selectVictims, type Victims } from "../victims.ts";

const notHelpful = unresolvable("Preemption is not helpful for scheduling");

/** Makes room for a pod that fits nowhere by taking away pods of lower priority. */
export function defaultPreemption(handle: PluginHandle, args: PluginArgs): Plugin {
  const budgets = handle.lister(resources.poddisruptionbudgets);
  return {
    name: "DefaultPreemption",
    postFilter(attempt) {
      const reason = whyNotEligible(attempt, handle);
      if (reason) return { message: `preemption: ${reason}` };
      const candidates: Victims[] = [];
      const verdicts = new Map<NodeInfo, Rejection>();
      const range = { ...args.DefaultPreemption, random: handle.random };
      for (const node of nodesToTry(attempt, candidates, range)) {
        const options = { node, budgets: budgets.list() };
        const result = selectVictims(attempt.pod, attempt.dryRun(node), options);
        if (result instanceof Error) return { message: `preemption: ${result.message}` };
        if ("pods" in result) candidates.push(result);
        else verdicts.set(node, result);
      }
      return conclude(attempt.pod, leastHarm(candidates), { verdicts, handle });
    },
  };
}

function conclude(
  pod: PodInfo,
  best: Victims | undefined,
  { verdicts, handle }: {
    readonly verdicts: ReadonlyMap<NodeInfo, Rejection>;
    readonly handle: PluginHandle;
  },
): PostFilterResult {
  if (!best) {
    const nodeCount = handle.cluster.nodes().length;
    const text = fitErrorMessage({ nodeCount, verdicts, others: notHelpful });
    return { message: `preemption: ${text}`, nominatedNodeName: "" };
  }
  const nodeName = best.node.name;
  handle.preempt({ pod, nodeName, victims: best.pods });
  const found = `found a potential placement for pod on node ${nodeName}`;
  const message = `preemption: ${found}, preempting ${best.pods.length} victims`;
  return { message, nominatedNodeName: nodeName };
}

/** From a random one on, until enough candidates are found and one of them violates no budget. */
function* nodesToTry(
  { verdicts }: FailedAttempt,
  candidates: readonly Victims[],
  { random, minCandidateNodesPercentage, minCandidateNodesAbsolute }:
    & PluginArgs["DefaultPreemption"]
    & { readonly random: () => number },
): Iterable<NodeInfo> {
  const nodes: NodeInfo[] = [];
  for (const [node, { code }] of verdicts) if (code === "Unschedulable") nodes.push(node);
  const wanted = Math.min(
    Math.max(
      Math.floor(nodes.length * minCandidateNodesPercentage / 100),
      minCandidateNodesAbsolute,
    ),
    nodes.length,
  );
  const start = Math.floor(random() * nodes.length);
  for (let tried = 0; tried < nodes.length; tried++) {
    const isHarmless = candidates.some(({ violations }) => violations === 0);
    if (isHarmless && candidates.length >= wanted) return;
    yield nodes[(start + tried) % nodes.length]!;
  }
}

function whyNotEligible(
  { pod, verdicts }: FailedAttempt,
  { cluster }: PluginHandle,
): string | undefined {
  if (pod.pod.spec?.preemptionPolicy === "Never") {
    return "not eligible due to preemptionPolicy=Never.";
  }
  const nominated = pod.nominatedNodeName && cluster.node(pod.nominatedNodeName);
  // Where even leaving pods do not help, the nomination is lost and another node may be tried.
  if (!nominated || verdicts.get(nominated)?.code === "UnschedulableAndUnresolvable") return;
  for (const other of nominated.pods.values()) {
    if (other.priority < pod.priority && isLeavingForAnother(other)) {
      return "not eligible due to a terminating pod on the nominated node.";
    }
  }
}

function isLeavingForAnother({ isTerminating, pod }: PodInfo): boolean {
  const condition = findCondition(pod.status?.conditions, "DisruptionTarget");
  return isTerminating && condition?.status === "True" &&
    condition.reason === "PreemptionByScheduler";
}
