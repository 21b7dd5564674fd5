import type {
  ExtensionPoint,
  PluginEntry,
  PluginSet,
  PluginSets,
} from "./scheduler_configuration.ts";

const nothing: PluginSet = { enabled: [], disabled: [] };

/**
 * The plugins of one point, in order: those of `multiPoint` that the point sets up anew, in its own order; the other
 * ones of `multiPoint`; what the point adds. `has` says whether a plugin has the point at all.
 */
export function pluginsAt(
  point: ExtensionPoint,
  sets: PluginSets,
  has: (name: string) => boolean,
): readonly PluginEntry[] {
  const { enabled, disabled } = sets[point] ?? nothing;
  if (disabled.includes("*")) return enabled;
  const own = new Set(enabled.map(({ name }) => name));
  const everywhere = sets.multiPoint.enabled.filter(({ name }) =>
    has(name) && !disabled.includes(name)
  );
  const names = new Set(everywhere.map(({ name }) => name));
  return [
    ...enabled.filter(({ name }) => names.has(name)),
    ...everywhere.filter(({ name }) => !own.has(name)),
    ...enabled.filter(({ name }) => !names.has(name)),
  ];
}

/** A configured set laid over the default one: what is enabled again keeps its place, what is new comes last. */
export function mergePluginSet(defaults: PluginSet, given: PluginSet = nothing): PluginSet {
  const disabled = [...given.disabled, ...defaults.disabled];
  const kept = disabled.includes("*")
    ? []
    : defaults.enabled.filter(({ name }) => !disabled.includes(name));
  const enabled = kept.map((entry) =>
    given.enabled.find(({ name }) => name === entry.name) ?? entry
  );
  const names = new Set(kept.map(({ name }) => name));
  return {
    enabled: [...enabled, ...given.enabled.filter(({ name }) => !names.has(name))],
    disabled,
  };
}
