import type { Node, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import { PodInfo } from "../cache/pod_info.ts";
import type { SchedulerCache } from "../cache/scheduler_cache.ts";
import { Cycle } from "../cycle.ts";
import type { ClusterModel, NodeVerdict } from "../model/cluster_model.ts";
import { type Change, changedNode, changedPod } from "./change.ts";

/** A pod before one node, as they would be after some changes. */
export interface Trial {
  readonly pod: PodInfo;
  readonly node: NodeInfo;
  readonly cluster: SchedulerCache;
  /** Why the pod does not fit the node; undefined if it does. */
  readonly verdict: NodeVerdict | undefined;
}

/** Tries changes on a model of a cluster, by the scheduler's own filters. The model is as before after each trial. */
export class WhatIf {
  readonly #model: ClusterModel;
  readonly #pod: Pod;
  /** How many trials were made. */
  trials = 0;

  constructor(model: ClusterModel, pod: Pod) {
    this.#model = model;
    this.#pod = pod;
  }

  /** Makes `changes`, lets `use` look, and takes them back. */
  try<R>(nodeName: string, changes: readonly Change[], use: (trial: Trial) => R): R {
    this.trials++;
    const { cache } = this.#model;
    const pod = new PodInfo(changes.reduce(changedPod, this.#pod));
    const before = cache.node(nodeName)!.node!;
    const after = changes.reduce<Node>(changedNode, before);
    const gone = changes.flatMap((change) =>
      change.type === "RemovePod" ? cache.removePod(change.uid)?.pod ?? [] : []
    );
    if (after !== before) cache.setNode(after);
    try {
      const node = cache.node(nodeName)!;
      return use({ pod, node, cluster: cache, verdict: this.#verdict(pod, node) });
    } finally {
      if (after !== before) cache.setNode(before);
      for (const other of gone) cache.setPod(other);
    }
  }

  /** Whether the pod fits a node after some changes. */
  fits(nodeName: string, changes: readonly Change[]): boolean {
    return this.try(nodeName, changes, ({ verdict }) => verdict === undefined);
  }

  #verdict(pod: PodInfo, node: NodeInfo): NodeVerdict | undefined {
    const { profile, nominations } = this.#model;
    for (const plugin of profile.preEnqueue) {
      const gated = plugin.preEnqueue!(pod);
      if (gated.code === "Error") throw gated.error;
      if (gated.code !== "Success") return { plugin: plugin.name, rejection: gated };
    }
    const prepared = Cycle.prepare(pod, profile, nominations);
    if ("stopped" in prepared) {
      const { stopped, plugin } = prepared;
      if (stopped.code === "Error") throw stopped.error;
      return { plugin, rejection: stopped };
    }
    const { cycle } = prepared;
    if (!cycle.isNarrowedTo(node)) {
      return { plugin: cycle.narrowedBy[0]!, rejection: cycle.narrowed };
    }
    const verdict = cycle.filter(node);
    if (verdict.code === "Error") throw verdict.error;
    if (verdict.code === "Success") return undefined;
    return { plugin: cycle.rejectedBy, rejection: verdict };
  }
}
