import type { ProfileConfiguration } from "../../../control/scheduler/configuration/scheduler_configuration.ts";
import { ClusterModel } from "../../../control/scheduler/model/cluster_model.ts";
import type { RandomCluster } from "../../../control/scheduler/testing/random_cluster.ts";

/** Why a node does not fit; an empty code where it does. */
export interface Verdict {
  readonly code: string;
  readonly plugin?: string;
  readonly reasons?: readonly string[] | null;
}

/** What a scheduler says of a cluster and a pod. The oracle prints the same shape. */
export interface Decisions {
  readonly preFilter?: Verdict;
  readonly nodes?: Readonly<Record<string, Verdict>>;
  readonly scores?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What users are told where no node fits. */
  readonly message?: string;
  /** Where room would be made. */
  readonly nominated?: string;
  readonly error?: string;
}

/** What our scheduler says. */
export function decide(
  { nodes, pods, others, pod }: RandomCluster,
  { profile, preempt = false }: {
    readonly profile?: ProfileConfiguration;
    readonly preempt?: boolean;
  } = {},
): Decisions {
  const model = new ClusterModel({ nodes, pods, others }, profile);
  try {
    const { feasible, verdicts, refused } = model.judge(pod);
    if (feasible.length > 0) {
      return { nodes: verdictsOf(model, verdicts), scores: scoresOf(model, pod, feasible) };
    }
    const outcome = model.place(pod);
    if (outcome.code === "Error") throw outcome.error;
    const text = outcome.code === "Unschedulable" ? outcome.message : "";
    const message = preempt ? text : text.replace(/ (preemption: .*|not found)$/s, "");
    return {
      ...(refused
        ? { preFilter: { ...refused.rejection, plugin: refused.plugin } }
        : { nodes: verdictsOf(model, verdicts) }),
      message,
      ...(preempt && model.preemptions[0] && { nominated: model.preemptions[0].nodeName }),
    };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function verdictsOf(
  model: ClusterModel,
  verdicts: ReturnType<ClusterModel["judge"]>["verdicts"],
): Record<string, Verdict> {
  return Object.fromEntries(
    model.cache.nodes().map((node) => {
      const verdict = verdicts.get(node);
      if (!verdict) return [node.name, { code: "" }];
      const { plugin, rejection: { code, reasons } } = verdict;
      const isNarrowed = reasons[0]?.startsWith("node(s) didn't satisfy plugin(s)");
      if (isNarrowed) return [node.name, { code: "Narrowed" }];
      return [node.name, { code, plugin, reasons: [...reasons].sort() }];
    }),
  );
}

function scoresOf(
  model: ClusterModel,
  pod: RandomCluster["pod"],
  feasible: ReturnType<ClusterModel["judge"]>["feasible"],
): Record<string, Record<string, number>> {
  const byPlugin = [...model.scores(pod, feasible)];
  return Object.fromEntries(
    feasible.map(({ name }, index) => [
      name,
      Object.fromEntries(byPlugin.map(([plugin, scores]) => [plugin, scores[index]!])),
    ]),
  );
}
