import type { EventKind, Plugin, PluginHandle, QueueingHint } from "./framework.ts";
import { plugins as table } from "./plugins/mod.ts";

/** A plugin in use and how much its scores count. */
export interface ProfileEntry {
  readonly name: string;
  /** For plugins that score. */
  readonly weight?: number;
}

/**
 * The plugins of the default scheduler, in the order in which they are asked (kube-scheduler's default profile,
 * component config v1). The order decides which reason a node gives: the first rejection counts.
 */
export const defaultProfile: readonly ProfileEntry[] = [
  { name: "SchedulingGates" },
  { name: "PrioritySort" },
  { name: "NodeUnschedulable" },
  { name: "NodeName" },
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
  { name: "DefaultPreemption" },
  { name: "NodeResourcesBalancedAllocation", weight: 1 },
  { name: "ImageLocality", weight: 1 },
  { name: "DefaultBinder" },
];

/** The plugins of a profile by the points that they implement, each in the profile's order. */
export interface Profile {
  readonly plugins: readonly Plugin[];
  readonly preEnqueue: readonly Plugin[];
  readonly queueSort: NonNullable<Plugin["queueSort"]>;
  readonly filters: readonly Plugin[];
  readonly postFilters: readonly Plugin[];
  readonly scores: readonly { readonly plugin: Plugin; readonly weight: number }[];
  readonly reserves: readonly Plugin[];
  readonly preBinds: readonly Plugin[];
  readonly binder: Plugin;
  /** Who cares for an event, by its kind. */
  readonly hints: ReadonlyMap<EventKind, ReadonlyMap<string, QueueingHint>>;
}

/** Makes the plugins of a profile. Throws TypeError if one is unknown, or none sorts the queue or binds. */
export function createProfile(
  handle: PluginHandle,
  entries: readonly ProfileEntry[] = defaultProfile,
): Profile {
  return profileOf(entries.map(({ name, weight = 0 }) => {
    const make = table.get(name);
    if (!make) throw new TypeError(`Cannot make a profile: no plugin "${name}"`);
    return { plugin: make(handle), weight };
  }));
}

/** A profile of plugins that are made already. */
export function profileOf(
  entries: readonly { readonly plugin: Plugin; readonly weight: number }[],
): Profile {
  const plugins = entries.map(({ plugin }) => plugin);
  const queueSort = plugins.find((plugin) => plugin.queueSort)?.queueSort;
  const binder = plugins.find((plugin) => plugin.bind);
  if (!queueSort || !binder) throw new TypeError("Cannot make a profile: it must sort and bind");
  return {
    plugins,
    queueSort,
    binder,
    preEnqueue: plugins.filter((plugin) => plugin.preEnqueue),
    filters: plugins.filter((plugin) => plugin.preFilter ?? plugin.filter),
    postFilters: plugins.filter((plugin) => plugin.postFilter),
    scores: entries.filter(({ plugin, weight }) => plugin.score && weight > 0),
    reserves: plugins.filter((plugin) => plugin.reserve),
    preBinds: plugins.filter((plugin) => plugin.preBind),
    hints: hintsOf(plugins),
  };
}

function hintsOf(plugins: readonly Plugin[]): Map<EventKind, Map<string, QueueingHint>> {
  const hints = new Map<EventKind, Map<string, QueueingHint>>();
  for (const { name, wakeOn = {} } of plugins) {
    for (const [kind, hint] of Object.entries(wakeOn) as [EventKind, QueueingHint][]) {
      let known = hints.get(kind);
      if (!known) hints.set(kind, known = new Map());
      known.set(name, hint);
    }
  }
  return hints;
}
