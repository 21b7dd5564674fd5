import { pluginsAt } from "./configuration/plugins_at.ts";
import {
  defaultProfile,
  type ExtensionPoint,
  type PluginEntry,
  type ProfileConfiguration,
} from "./configuration/scheduler_configuration.ts";
import type { EventKind, Plugin, PluginHandle, QueueingHint } from "./framework.ts";
import { plugins as table } from "./plugins/mod.ts";

/** The plugins of a profile by the points at which they are asked, each in the profile's order. */
export interface Profile {
  readonly schedulerName: string;
  readonly plugins: readonly Plugin[];
  readonly preEnqueue: readonly Plugin[];
  readonly queueSort: NonNullable<Plugin["queueSort"]>;
  readonly preFilters: readonly Plugin[];
  readonly filters: readonly Plugin[];
  readonly postFilters: readonly Plugin[];
  readonly preScores: readonly Plugin[];
  readonly scores: readonly { readonly plugin: Plugin; readonly weight: number }[];
  readonly reserves: readonly Plugin[];
  readonly preBinds: readonly Plugin[];
  readonly binder: Plugin;
  /** The share of nodes that is looked at; 0: adapted to their number. */
  readonly percentageOfNodesToScore: number;
  /** Who cares for an event, by its kind. */
  readonly hints: ReadonlyMap<EventKind, ReadonlyMap<string, QueueingHint>>;
}

/** Makes the plugins of a profile. Throws TypeError if one is unknown, or none sorts the queue or binds. */
export function createProfile(
  handle: PluginHandle,
  { schedulerName, plugins: sets, args, percentageOfNodesToScore = 0 }: ProfileConfiguration =
    defaultProfile,
): Profile {
  const names = new Set(
    Object.values(sets).flatMap(({ enabled }) => enabled.map(({ name }) => name)),
  );
  const made = new Map<string, Plugin>();
  for (const name of names) {
    const make = table.get(name);
    if (!make) throw new TypeError(`Cannot make a profile: no plugin "${name}"`);
    made.set(name, make(handle, args));
  }
  const at = (point: ExtensionPoint) =>
    pluginsAt(point, sets, (name) => hasPoint(made.get(name)!, point));
  return profileOf([...made.values()], at, { schedulerName, percentageOfNodesToScore });
}

/** A profile of plugins that are made already; by default each is used wherever it can be. */
export function profileOf(
  plugins: readonly Plugin[],
  at: (point: ExtensionPoint) => readonly PluginEntry[] = (point) =>
    plugins.filter((plugin) => hasPoint(plugin, point)),
  { schedulerName, percentageOfNodesToScore = 0 }: {
    readonly schedulerName?: string;
    readonly percentageOfNodesToScore?: number;
  } = {},
): Profile {
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  const pluginsOf = (point: ExtensionPoint) => at(point).map(({ name }) => byName.get(name)!);
  const queueSort = pluginsOf("queueSort")[0]?.queueSort;
  const binder = pluginsOf("bind")[0];
  if (!queueSort || !binder) throw new TypeError("Cannot make a profile: it must sort and bind");
  const asked = new Set(
    (["preEnqueue", "preFilter", "filter", "reserve", "permit"] as const).flatMap(pluginsOf),
  );
  return {
    schedulerName: schedulerName ?? defaultProfile.schedulerName,
    percentageOfNodesToScore,
    plugins,
    queueSort,
    binder,
    preEnqueue: pluginsOf("preEnqueue"),
    preFilters: pluginsOf("preFilter"),
    filters: pluginsOf("filter"),
    postFilters: pluginsOf("postFilter"),
    preScores: pluginsOf("preScore"),
    scores: at("score").map(({ name, weight }) => ({
      plugin: byName.get(name)!,
      weight: weight || 1,
    })),
    reserves: pluginsOf("reserve"),
    preBinds: pluginsOf("preBind"),
    hints: hintsOf([...asked]),
  };
}

function hasPoint(plugin: Plugin, point: ExtensionPoint): boolean {
  return (plugin as unknown as Record<string, unknown>)[point] !== undefined;
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
