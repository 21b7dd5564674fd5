import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { PodInfo } from "../cache/pod_info.ts";
import type { ProfileConfiguration } from "../configuration/scheduler_configuration.ts";
import { ClusterModel, type ClusterObjects } from "../model/cluster_model.ts";
import type { Change } from "./change.ts";
import { remedies } from "./remedies.ts";
import { WhatIf } from "./what_if.ts";

/** One reason, and the nodes that it excludes. */
export interface Reason {
  readonly reason: string;
  readonly plugin: string;
  readonly nodes: readonly string[];
}

/** Changes after which the pod fits a node. */
export interface Suggestion {
  readonly node: string;
  readonly changes: readonly Change[];
}

/** Why a pod waits, and what would let it run. */
export interface Explanation {
  /** `namespace/name`. */
  readonly pod: string;
  /** How many nodes there are. */
  readonly nodeCount: number;
  /** Nodes that would take the pod as it is. */
  readonly fits: readonly string[];
  /** The one that excludes most nodes first. */
  readonly reasons: readonly Reason[];
  /** The fewest changes that are enough, in several ways. Empty: none were found. */
  readonly suggestions: readonly Suggestion[];
  /** Whether the search was given up before every way was tried. */
  readonly isPartial: boolean;
}

export interface ExplainOptions {
  readonly profile?: ProfileConfiguration;
  /** How many suggestions are given at most. Default 5. */
  readonly maxSuggestions?: number;
  /** How many changes one may have. Default 4. */
  readonly maxChanges?: number;
  /** How many trials may be made. Default 20 000: some seconds in a cluster of a thousand nodes. */
  readonly maxTrials?: number;
}

/**
 * Why a pod fits nowhere, and the smallest changes that would help. Every suggestion was tried on a copy with the
 * scheduler's own filters, so it is right; and fewer changes of these kinds were tried before, so it is the smallest.
 * Pure: reads and writes nothing but its arguments. Throws what a plugin fails with.
 */
export function explain(
  cluster: ClusterObjects,
  pod: Pod,
  { profile, maxSuggestions = 5, maxChanges = 4, maxTrials = 20_000 }: ExplainOptions = {},
): Explanation {
  const model = new ClusterModel(cluster, profile);
  const whatIf = new WhatIf(model, pod);
  const names = model.cache.nodes().map(({ name }) => name);
  const fits: string[] = [];
  const reasons = new Map<string, { plugin: string; nodes: string[] }>();
  for (const name of names) {
    const verdict = whatIf.try(name, [], (trial) => trial.verdict);
    if (!verdict) fits.push(name);
    for (const reason of verdict?.rejection.reasons ?? []) {
      const known = reasons.get(reason);
      if (known) known.nodes.push(name);
      else reasons.set(reason, { plugin: verdict!.plugin, nodes: [name] });
    }
  }
  const search = new Search(whatIf, { maxSuggestions, maxTrials: maxTrials + names.length });
  for (let depth = 1; fits.length === 0 && depth <= maxChanges && !search.isOver; depth++) {
    for (const name of names) search.from(name, depth);
  }
  return {
    pod: new PodInfo(pod).key,
    nodeCount: names.length,
    fits,
    reasons: Array.from(reasons, ([reason, { plugin, nodes }]) => ({ reason, plugin, nodes }))
      .sort((a, b) => b.nodes.length - a.nodes.length || (a.reason < b.reason ? -1 : 1)),
    suggestions: search.found,
    isPartial: search.isExhausted,
  };
}

/** Looks for the smallest sets of changes, node by node, one size after the other. */
class Search {
  readonly found: Suggestion[] = [];
  readonly #whatIf: WhatIf;
  readonly #limits: { readonly maxSuggestions: number; readonly maxTrials: number };
  readonly #seen = new Set<string>();

  constructor(
    whatIf: WhatIf,
    limits: { readonly maxSuggestions: number; readonly maxTrials: number },
  ) {
    this.#whatIf = whatIf;
    this.#limits = limits;
  }

  get isExhausted(): boolean {
    return this.#whatIf.trials >= this.#limits.maxTrials;
  }

  /** Whether larger sets need not be tried. */
  get isOver(): boolean {
    return this.found.length > 0 || this.isExhausted;
  }

  /** Finds the sets of exactly `size` changes that make a node fit. */
  from(node: string, size: number): void {
    this.#extend(node, [], size);
  }

  #extend(node: string, changes: readonly Change[], left: number): void {
    if (this.found.length >= this.#limits.maxSuggestions || this.isExhausted) return;
    const next = this.#whatIf.try(node, changes, (trial) => {
      if (!trial.verdict) return undefined;
      return left === 0 ? [] : remedies.get(trial.verdict.plugin)?.(trial) ?? [];
    });
    if (next === undefined) return this.#add(node, changes);
    for (const change of next) this.#extend(node, [...changes, change], left - 1);
  }

  #add(node: string, changes: readonly Change[]): void {
    // The same steps in another order, or for another node without a word about it, say nothing new.
    const key = changes.map((change) => JSON.stringify(change)).sort().join();
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.found.push({ node, changes });
  }
}
