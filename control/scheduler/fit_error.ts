import type { NodeInfo } from "./cache/node_info.ts";
import type { Rejection } from "./framework.ts";

/** Why a pod fits nowhere. */
export interface Diagnosis {
  readonly nodeCount: number;
  /** Of the nodes that were looked at. */
  readonly verdicts: ReadonlyMap<NodeInfo, Rejection>;
  /** Of all other nodes. */
  readonly others?: Rejection | undefined;
  /** Given if the pod was rejected before any node was looked at. */
  readonly preFilterMessage?: string | undefined;
}

/** What users read: `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.` */
export function fitErrorMessage(diagnosis: Diagnosis, postFilterMessage?: string): string {
  const { nodeCount, preFilterMessage } = diagnosis;
  let text = `0/${nodeCount} nodes are available:`;
  if (preFilterMessage) text += ` ${preFilterMessage}.`;
  else {
    const reasons = countedReasons(diagnosis);
    if (reasons.length > 0) text += ` ${reasons.join(", ")}.`;
  }
  return postFilterMessage ? `${text} ${postFilterMessage}` : text;
}

/** Each reason with the number of its nodes, sorted as text. */
function countedReasons({ nodeCount, verdicts, others }: Diagnosis): string[] {
  const counts = new Map<string, number>();
  const count = (reasons: readonly string[], nodes: number) => {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + nodes);
  };
  for (const { reasons } of verdicts.values()) count(reasons, 1);
  if (others && verdicts.size < nodeCount) count(others.reasons, nodeCount - verdicts.size);
  return Array.from(counts, ([reason, nodes]) => `${nodes} ${reason}`).sort();
}
