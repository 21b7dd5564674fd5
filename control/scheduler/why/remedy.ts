import type { PodInfo } from "../cache/pod_info.ts";
import type { Change } from "./change.ts";
import type { Trial } from "./what_if.ts";

/** The steps of which one must be taken so that a plugin no longer rejects the trial's node. */
export type Remedy = (trial: Trial) => readonly Change[];

/** The step that takes a placed pod away. */
export function removal(pod: PodInfo): Change {
  return { type: "RemovePod", pod: pod.key, uid: pod.uid };
}

/**
 * The labels that a node may be given for a pod, by key: those that the pod's own node rules name, with the values they
 * name and those of other nodes. Never the hostname, which is what the node is.
 */
export function labelsFor({ pod, cluster }: Trial): ReadonlyMap<string, ReadonlySet<string>> {
  const { nodeSelector = {}, affinity } = pod.pod.spec ?? {};
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms ?? [];
  const labels = new Map<string, Set<string>>();
  const name = (key: string, values: readonly string[]) => {
    if (key === "kubernetes.io/hostname") return;
    const known = labels.get(key) ??
      new Set(cluster.nodes().flatMap((node) => node.labels[key] ?? []));
    labels.set(key, new Set([...known, ...values]));
  };
  for (const [key, value] of Object.entries(nodeSelector)) name(key, [value]);
  for (
    const { key, operator, values = [] } of terms.flatMap((term) => term.matchExpressions ?? [])
  ) {
    if (operator === "Gt") name(key, [String(BigInt(values[0] ?? "0") + 1n)]);
    else if (operator === "Lt") name(key, [String(BigInt(values[0] ?? "0") - 1n)]);
    else name(key, operator === "Exists" ? [""] : values);
  }
  return labels;
}

/** The steps that give the trial's node another label of one of `keys`, as far as labels may be changed. */
export function relabel(trial: Trial, keys: Iterable<string>): Change[] {
  const { node } = trial;
  const labels = labelsFor(trial);
  return [...keys].flatMap((key): Change[] => {
    const values = labels.get(key);
    if (!values) return [];
    const others = [...values].filter((value) => value !== node.labels[key]);
    const add = others.map((value): Change => ({ type: "LabelNode", node: node.name, key, value }));
    if (node.labels[key] === undefined) return add;
    return [...add, { type: "UnlabelNode", node: node.name, key }];
  });
}
