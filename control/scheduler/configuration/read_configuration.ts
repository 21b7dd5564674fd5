import { parseYaml } from "../../../shared/codec/yaml.ts";
import { duplicate, type FieldError, invalid, required } from "../../../shared/meta/field_error.ts";
import { Fields } from "./fields.ts";
import { mergePluginSet } from "./plugins_at.ts";
import { readPluginArgs } from "./read_plugin_args.ts";
import {
  defaultPlugins,
  extensionPoints,
  type PluginSet,
  type PluginSets,
  type ProfileConfiguration,
  type SchedulerConfiguration,
} from "./scheduler_configuration.ts";

/** A scheduler configuration that will not do: every problem, one a line. */
export class SchedulerConfigurationError extends Error {
  override readonly name = "SchedulerConfigurationError";
}

const apiVersion = "kubescheduler.config.k8s.io/v1";

/**
 * Reads a KubeSchedulerConfiguration (YAML or JSON) as kube-scheduler does: strictly, defaults filled in, plugin sets
 * laid over the default ones. What concerns a process of its own (leader election, connections, parallelism, profiling)
 * is accepted and has no effect here. Throws SchedulerConfigurationError.
 */
export function readSchedulerConfiguration(text: string): SchedulerConfiguration {
  const errors: FieldError[] = [];
  const root = new Fields("", parsed(text), errors);
  if (root.string("apiVersion") !== apiVersion || root.string("kind") !== kind) {
    throw new SchedulerConfigurationError(`not a ${kind} of ${apiVersion}`);
  }
  for (const name of processFields) root.ignore(name);
  const initial = root.integer("podInitialBackoffSeconds") ?? 1;
  const max = root.integer("podMaxBackoffSeconds") ?? 10;
  const profiles = root.list("profiles");
  const configuration: SchedulerConfiguration = {
    percentageOfNodesToScore: percentageOf(root) ?? 0,
    podInitialBackoffMs: initial * 1000,
    podMaxBackoffMs: max * 1000,
    profiles: (profiles ?? [new Fields("profiles[0]", {}, errors)])
      .map((profile, _, all) => readProfile(profile, all.length)),
  };
  if (root.list("extenders")?.length) errors.push(unsupported("extenders"));
  if (initial <= 0) {
    errors.push(invalid("podInitialBackoffSeconds", initial, "must be greater than 0"));
  }
  if (max < initial) {
    const detail = "must be greater than or equal to PodInitialBackoffSeconds";
    errors.push(invalid("podMaxBackoffSeconds", max, detail));
  }
  checkProfiles(configuration.profiles, errors);
  root.end();
  if (errors.length > 0) {
    const lines = errors.map(({ path, message }) => `${path}: ${message}`);
    throw new SchedulerConfigurationError(lines.join("\n"));
  }
  return configuration;
}

const kind = "KubeSchedulerConfiguration";
const processFields = [
  "parallelism",
  "leaderElection",
  "clientConnection",
  "enableProfiling",
  "enableContentionProfiling",
  "delayCacheUntilActive",
];

function parsed(text: string): unknown {
  try {
    return parseYaml(text).value;
  } catch (error) {
    throw new SchedulerConfigurationError((error as Error).message, { cause: error });
  }
}

function readProfile(profile: Fields, count: number): ProfileConfiguration {
  // A name is filled in for an only profile alone.
  const schedulerName = profile.string("schedulerName") ?? (count === 1 ? "default-scheduler" : "");
  if (schedulerName === "") profile.report(required(profile.at("schedulerName")));
  const percentageOfNodesToScore = percentageOf(profile);
  const sets = profile.object("plugins");
  const result = {
    schedulerName,
    percentageOfNodesToScore,
    plugins: readPlugins(sets),
    args: readPluginArgs(profile.list("pluginConfig") ?? []),
  };
  sets?.end();
  profile.end();
  return result;
}

function percentageOf(fields: Fields): number | undefined {
  const name = "percentageOfNodesToScore";
  const percent = fields.integer(name);
  if (percent !== undefined && (percent < 0 || percent > 100)) {
    fields.report(invalid(fields.at(name), percent, "not in valid range [0-100]"));
  }
  return percent;
}

function readPlugins(sets: Fields | undefined): PluginSets {
  if (!sets) return defaultPlugins;
  const points = extensionPoints.flatMap((point) => {
    const set = readSet(sets.object(point));
    return set ? [[point, mergePluginSet(defaultPlugins[point] ?? none, set)] as const] : [];
  });
  const multiPoint = mergePluginSet(defaultPlugins.multiPoint, readSet(sets.object("multiPoint")));
  return { ...Object.fromEntries(points), multiPoint };
}

const none: PluginSet = { enabled: [], disabled: [] };

function readSet(set: Fields | undefined): PluginSet | undefined {
  if (!set) return undefined;
  const enabled = (set.list("enabled") ?? []).map((plugin) => {
    const name = plugin.string("name") ?? "";
    const weight = plugin.integer("weight");
    plugin.end();
    return { name, ...(weight !== undefined && { weight }) };
  });
  const disabled = (set.list("disabled") ?? []).map((plugin) => {
    plugin.ignore("weight");
    const name = plugin.string("name") ?? "";
    plugin.end();
    return name;
  });
  set.end();
  return { enabled, disabled };
}

function checkProfiles(profiles: readonly ProfileConfiguration[], errors: FieldError[]): void {
  const seen = new Map<string, number>();
  for (const [index, { schedulerName, plugins }] of profiles.entries()) {
    const first = seen.get(schedulerName);
    if (first !== undefined) {
      const path = `profiles[${index}].schedulerName`;
      errors.push(duplicate(path, `profiles[${first}].schedulerName`));
    }
    seen.set(schedulerName, index);
    const sorts = JSON.stringify(plugins.queueSort);
    if (sorts !== JSON.stringify(profiles[0]!.plugins.queueSort)) {
      const path = `profiles[${index}].plugins.queueSort`;
      errors.push(invalid(path, plugins.queueSort, "must be the same for all profiles"));
    }
  }
}

function unsupported(path: string): FieldError {
  return { path, reason: "FieldValueForbidden", message: "Forbidden: extenders are not served" };
}
