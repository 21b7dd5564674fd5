import type { PodDisruptionBudget } from "../../shared/api/policy/v1/types.gen.ts";
import { fromLabelSelector } from "../../shared/meta/labels.ts";
import type { NodeInfo } from "./cache/node_info.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import { type DryRun, type Rejection, unresolvable } from "./framework.ts";

/** Pods whose leaving would make room on a node. */
export interface Victims {
  readonly node: NodeInfo;
  /** The most important first; at least one. */
  readonly pods: readonly PodInfo[];
  /** How many of them a disruption budget does not let go. */
  readonly violations: number;
}

const noVictims = unresolvable("No preemption victims found for incoming pod");

/**
 * The fewest and least important pods of lower priority that must leave a node so that `pod` fits; or why that does not
 * help. Pods protected by a budget are spared first.
 */
export function selectVictims(
  pod: PodInfo,
  trial: DryRun,
  options: { readonly node: NodeInfo; readonly budgets: readonly PodDisruptionBudget[] },
): Victims | Rejection | Error {
  const lower = [...trial.node.pods.values()]
    .filter(({ priority }) => priority < pod.priority)
    .sort(byImportance);
  if (lower.length === 0) return noVictims;
  for (const other of lower) trial.remove(other);
  const verdict = trial.filter();
  if (verdict.code === "Error") return verdict.error;
  if (verdict.code !== "Success") return verdict;
  const { violating, others } = byBudget(lower, options.budgets);
  const pods: PodInfo[] = [];
  const mustLeave = (other: PodInfo) => {
    trial.add(other);
    if (trial.filter().code === "Success") return false;
    trial.remove(other);
    pods.push(other);
    return true;
  };
  const violations = violating.filter(mustLeave).length;
  others.forEach(mustLeave);
  if (pods.length === 0) return noVictims;
  return { node: options.node, violations, pods: pods.sort(byImportance) };
}

/**
 * The node whose victims matter least: fewest budgets violated, then the lowest highest priority, the lowest sum of
 * priorities, the fewest pods, the latest start of the most important ones; then the first.
 */
export function leastHarm(candidates: readonly Victims[]): Victims | undefined {
  const measures: ((victims: Victims) => number)[] = [
    ({ violations }) => violations,
    ({ pods }) => pods[0]!.priority,
    // The offset makes all terms positive, so that fewer pods are less also when priorities are negative.
    ({ pods }) => pods.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    ({ pods }) => pods.length,
    (victims) => -earliestStart(victims),
  ];
  let best = candidates;
  for (const measure of measures) {
    if (best.length <= 1) break;
    const values = best.map(measure);
    const least = Math.min(...values);
    best = best.filter((_, index) => values[index] === least);
  }
  return best[0];
}

/** The more important first: higher priority, then running longer. */
function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startOf(a) - startOf(b);
}

/** A pod that has not started is the youngest. */
function startOf({ pod }: PodInfo): number {
  const text = pod.status?.startTime;
  return text === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(text);
}

function earliestStart({ pods }: Victims): number {
  const highest = pods[0]!.priority;
  return Math.min(...pods.filter(({ priority }) => priority === highest).map(startOf));
}

/** Counts each pod against the budgets that select it, the most important pods first. */
function byBudget(
  pods: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): { readonly violating: readonly PodInfo[]; readonly others: readonly PodInfo[] } {
  const allowed = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let isViolating = false;
    budgets.forEach((budget, index) => {
      if (!protects(budget, pod)) return;
      allowed[index]!--;
      if (allowed[index]! < 0) isViolating = true;
    });
    (isViolating ? violating : others).push(pod);
  }
  return { violating, others };
}

function protects({ metadata, spec, status }: PodDisruptionBudget, pod: PodInfo): boolean {
  if (metadata.namespace !== pod.namespace) return false;
  const selector = fromLabelSelector(spec?.selector);
  // To the scheduler an empty selector selects nothing here, as in the reference.
  if (selector.requirements.length === 0 || !selector.matches(pod.labels)) return false;
  // Its eviction has been counted already.
  return status?.disruptedPods?.[pod.name] === undefined;
}
