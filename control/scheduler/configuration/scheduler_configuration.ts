import { defaultPluginArgs, type PluginArgs } from "./plugin_args.ts";

/** The points at which plugins are asked, as the component configuration names them. */
export const extensionPoints = [
  "preEnqueue",
  "queueSort",
  "preFilter",
  "filter",
  "postFilter",
  "preScore",
  "score",
  "reserve",
  "permit",
  "preBind",
  "bind",
  "postBind",
] as const;
export type ExtensionPoint = typeof extensionPoints[number];

/** A plugin in use and how much its scores count (0: as much as 1). */
export interface PluginEntry {
  readonly name: string;
  readonly weight?: number;
}
export interface PluginSet {
  readonly enabled: readonly PluginEntry[];
  /** `*`: all that are not enabled here. */
  readonly disabled: readonly string[];
}

/** Which plugins a profile uses where. `multiPoint`: at every point that they have. */
export type PluginSets =
  & { readonly multiPoint: PluginSet }
  & Readonly<Partial<Record<ExtensionPoint, PluginSet>>>;

/** How one kind of pods is placed: those whose `spec.schedulerName` names it. */
export interface ProfileConfiguration {
  readonly schedulerName: string;
  readonly plugins: PluginSets;
  readonly args: PluginArgs;
  /** The share of nodes that is looked at; 0: adapted to their number. Absent: the configuration's. */
  readonly percentageOfNodesToScore?: number | undefined;
}

/** What the scheduler is told (KubeSchedulerConfiguration, kubescheduler.config.k8s.io/v1). */
export interface SchedulerConfiguration {
  readonly profiles: readonly ProfileConfiguration[];
  readonly percentageOfNodesToScore: number;
  readonly podInitialBackoffMs: number;
  readonly podMaxBackoffMs: number;
}

/**
 * The plugins of the default scheduler in v1.37, in the order in which they are asked. The order decides which reason
 * a node gives: the first rejection counts.
 */
export const defaultPlugins: PluginSets = {
  multiPoint: {
    enabled: [
      { name: "SchedulingGates" },
      { name: "PrioritySort" },
      { name: "NodeName" },
      { name: "NodeUnschedulable" },
      { name: "TaintToleration", weight: 3 },
      { name: "NodeAffinity", weight: 2 },
      { name: "NodePorts" },
      { name: "NodeResourcesFit", weight: 1 },
      { name: "VolumeRestrictions" },
      { name: "NodeVolumeLimits" },
      { name: "VolumeBinding" },
      { name: "VolumeZone" },
      { name: "PodTopologySpread", weight: 2 },
      { name: "InterPodAffinity", weight: 2 },
      { name: "DynamicResources", weight: 2 },
      { name: "DefaultPreemption" },
      { name: "NodeResourcesBalancedAllocation", weight: 1 },
      { name: "ImageLocality", weight: 1 },
      { name: "DefaultBinder" },
      { name: "NodeDeclaredFeatures" },
    ],
    disabled: [],
  },
};

/** The profile of pods that name no scheduler. */
export const defaultProfile: ProfileConfiguration = {
  schedulerName: "default-scheduler",
  plugins: defaultPlugins,
  args: defaultPluginArgs,
};

/** What holds without a configuration file. */
export const defaultConfiguration: SchedulerConfiguration = {
  profiles: [defaultProfile],
  percentageOfNodesToScore: 0,
  podInitialBackoffMs: 1000,
  podMaxBackoffMs: 10_000,
};
