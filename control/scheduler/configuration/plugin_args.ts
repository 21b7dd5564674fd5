import type {
  NodeAffinity,
  TopologySpreadConstraint,
} from "../../../shared/api/core/v1/types.gen.ts";

/** A resource and how much it counts. */
export interface ResourceWeight {
  readonly name: string;
  /** 1 to 100. */
  readonly weight: number;
}

/** A point of a broken line: what a utilization in percent scores, 0 to 10. */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

/** How NodeResourcesFit ranks nodes: empty ones first, full ones first, or by a line of one's own. */
export type ScoringStrategy =
  | {
    readonly type: "LeastAllocated" | "MostAllocated";
    readonly resources: readonly ResourceWeight[];
  }
  | {
    readonly type: "RequestedToCapacityRatio";
    readonly resources: readonly ResourceWeight[];
    readonly shape: readonly ShapePoint[];
  };

/** What plugins can be told, by the plugin's name (component config kubescheduler.config.k8s.io/v1). */
export interface PluginArgs {
  readonly DefaultPreemption: {
    /** Of the nodes where leaving pods could help, this share is tried, but at least so many. */
    readonly minCandidateNodesPercentage: number;
    readonly minCandidateNodesAbsolute: number;
  };
  readonly DynamicResources: {
    /** How long looking at one node may take; 0: as long as it does. */
    readonly filterTimeoutMs: number;
    /** How long devices may take to be ready. */
    readonly bindingTimeoutMs: number;
  };
  readonly InterPodAffinity: {
    /** What a required affinity of a placed pod counts towards pods that it selects. */
    readonly hardPodAffinityWeight: number;
    /** Preferences of placed pods count only for pods that have preferences of their own. */
    readonly ignorePreferredTermsOfExistingPods: boolean;
  };
  readonly NodeAffinity: {
    /** Added to every pod's own. */
    readonly addedAffinity: NodeAffinity | undefined;
  };
  readonly NodeResourcesBalancedAllocation: { readonly resources: readonly ResourceWeight[] };
  readonly NodeResourcesFit: {
    /** Extended resources that others look after, by name or by the part before the slash. */
    readonly ignoredResources: readonly string[];
    readonly ignoredResourceGroups: readonly string[];
    readonly scoringStrategy: ScoringStrategy;
  };
  readonly PodTopologySpread: {
    /** `System`: machines and zones, softly. `List`: the constraints given here. */
    readonly defaultingType: "System" | "List";
    /** For pods that name none; without selectors. */
    readonly defaultConstraints: readonly TopologySpreadConstraint[];
  };
  readonly VolumeBinding: {
    readonly bindTimeoutSeconds: number;
    /** How a volume's or pool's utilization by the claim scores. */
    readonly shape: readonly ShapePoint[];
  };
}

const cpuAndMemory: readonly ResourceWeight[] = [
  { name: "cpu", weight: 1 },
  { name: "memory", weight: 1 },
];

/** What holds where a configuration says nothing. */
export const defaultPluginArgs: PluginArgs = {
  DefaultPreemption: { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 },
  DynamicResources: { filterTimeoutMs: 10_000, bindingTimeoutMs: 600_000 },
  InterPodAffinity: { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false },
  NodeAffinity: { addedAffinity: undefined },
  NodeResourcesBalancedAllocation: { resources: cpuAndMemory },
  NodeResourcesFit: {
    ignoredResources: [],
    ignoredResourceGroups: [],
    scoringStrategy: { type: "LeastAllocated", resources: cpuAndMemory },
  },
  PodTopologySpread: { defaultingType: "System", defaultConstraints: [] },
  VolumeBinding: {
    bindTimeoutSeconds: 600,
    shape: [{ utilization: 0, score: 10 }, { utilization: 100, score: 0 }],
  },
};
