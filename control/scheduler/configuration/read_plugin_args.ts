import type {
  NodeAffinity,
  TopologySpreadConstraint,
} from "../../../shared/api/core/v1/types.gen.ts";
import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../shared/meta/field_error.ts";
import { DurationError, parseDuration } from "../../../shared/resource/duration.ts";
import type { Fields } from "./fields.ts";
import {
  defaultPluginArgs,
  type PluginArgs,
  type ResourceWeight,
  type ScoringStrategy,
  type ShapePoint,
} from "./plugin_args.ts";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Reader<Name extends keyof PluginArgs> = (args: Fields) => PluginArgs[Name];

/** The arguments of all plugins, from a profile's `pluginConfig`. Unknown plugins' arguments are left alone. */
export function readPluginArgs(configs: readonly Fields[]): PluginArgs {
  const result: Mutable<PluginArgs> = { ...defaultPluginArgs };
  const seen = new Set<string>();
  for (const config of configs) {
    const name = config.string("name") ?? "";
    if (seen.has(name)) config.report(duplicate(config.path, name));
    seen.add(name);
    const args = config.object("args");
    config.end();
    if (!args || !(name in readers)) continue;
    for (const field of ["apiVersion", "kind"]) args.ignore(field);
    read(result, name as keyof PluginArgs, args);
    args.end();
  }
  return result;
}

function read<Name extends keyof PluginArgs>(
  to: Mutable<PluginArgs>,
  name: Name,
  args: Fields,
): void {
  to[name] = (readers[name] as Reader<Name>)(args);
}

const readers: { readonly [Name in keyof PluginArgs]: Reader<Name> } = {
  DefaultPreemption(args) {
    const { DefaultPreemption: defaults } = defaultPluginArgs;
    const percent = ranged(args, "minCandidateNodesPercentage", [0, 100]) ??
      defaults.minCandidateNodesPercentage;
    const absolute = ranged(args, "minCandidateNodesAbsolute", [0, Infinity]) ??
      defaults.minCandidateNodesAbsolute;
    if (percent === 0 && absolute === 0) {
      const [a, b] = ["minCandidateNodesPercentage", "minCandidateNodesAbsolute"] as const;
      args.report(invalid(args.at(a), 0, `cannot be zero at the same time as ${b}`));
      args.report(invalid(args.at(b), 0, `cannot be zero at the same time as ${a}`));
    }
    return { minCandidateNodesPercentage: percent, minCandidateNodesAbsolute: absolute };
  },
  DynamicResources(args) {
    const { DynamicResources: defaults } = defaultPluginArgs;
    return {
      filterTimeoutMs: milliseconds(args, "filterTimeout") ?? defaults.filterTimeoutMs,
      bindingTimeoutMs: milliseconds(args, "bindingTimeout") ?? defaults.bindingTimeoutMs,
    };
  },
  InterPodAffinity: (args) => ({
    hardPodAffinityWeight: ranged(args, "hardPodAffinityWeight", [0, 100]) ?? 1,
    ignorePreferredTermsOfExistingPods: args.boolean("ignorePreferredTermsOfExistingPods") ?? false,
  }),
  NodeAffinity: (args) => ({
    addedAffinity: args.any("addedAffinity") as NodeAffinity | undefined,
  }),
  NodeResourcesBalancedAllocation(args) {
    const given = weightsOf(args);
    for (const [index, { name, weight }] of given.entries()) {
      const path = args.at(`resources[${index}]`);
      if (given.findIndex((other) => other.name === name) < index) {
        args.report(duplicate(`${path}.name`, name));
      }
      if (weight !== 1) args.report(invalid(`${path}.weight`, weight, "must be 1"));
    }
    return given.length > 0
      ? { resources: given }
      : defaultPluginArgs.NodeResourcesBalancedAllocation;
  },
  NodeResourcesFit(args) {
    const { NodeResourcesFit: defaults } = defaultPluginArgs;
    const groups = (args.values("ignoredResourceGroups") ?? []) as readonly string[];
    for (const [index, group] of groups.entries()) {
      if (!group.includes("/")) continue;
      const path = args.at(`ignoredResourceGroups[${index}]`);
      args.report(invalid(path, group, "resource group name can't contain '/'"));
    }
    return {
      ignoredResources: (args.values("ignoredResources") ?? []) as readonly string[],
      ignoredResourceGroups: groups,
      scoringStrategy: strategyOf(args.object("scoringStrategy")) ?? defaults.scoringStrategy,
    };
  },
  PodTopologySpread(args) {
    const type = args.string("defaultingType") ?? "System";
    const constraints = (args.values("defaultConstraints") ?? []) as TopologySpreadConstraint[];
    const path = args.at("defaultingType");
    if (type !== "System" && type !== "List") {
      args.report(notSupported(path, type, ["System", "List"]));
    } else if (type === "System" && constraints.length > 0) {
      args.report(invalid(path, type, "when .defaultConstraints are not empty"));
    }
    constraints.forEach((constraint, index) => checkConstraint(args, constraint, index));
    return { defaultingType: type as "System" | "List", defaultConstraints: constraints };
  },
  VolumeBinding(args) {
    const { VolumeBinding: defaults } = defaultPluginArgs;
    const seconds = args.integer("bindTimeoutSeconds") ?? defaults.bindTimeoutSeconds;
    if (seconds < 0) {
      const detail = "invalid BindTimeoutSeconds, should not be a negative value";
      args.report(invalid(args.at("bindTimeoutSeconds"), seconds, detail));
    }
    const shape = shapeOf(args);
    return { bindTimeoutSeconds: seconds, shape: shape.length > 0 ? shape : defaults.shape };
  },
};

function ranged(
  args: Fields,
  name: string,
  [low, high]: readonly [number, number],
): number | undefined {
  const value = args.integer(name);
  if (value !== undefined && (value < low || value > high)) {
    const range = high === Infinity ? `[${low}, inf)` : `[${low}, ${high}]`;
    args.report(invalid(args.at(name), value, `not in valid range ${range}`));
  }
  return value;
}

function milliseconds(args: Fields, name: string): number | undefined {
  const text = args.string(name);
  if (text === undefined) return undefined;
  try {
    return Number(parseDuration(text) / 1_000_000n);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    args.report(invalid(args.at(name), text, error.message));
    return undefined;
  }
}

function weightsOf(fields: Fields): readonly ResourceWeight[] {
  return (fields.list("resources") ?? []).map((resource) => {
    const name = resource.string("name") ?? "";
    const weight = resource.integer("weight") || 1;
    resource.end();
    return { name, weight };
  });
}

function strategyOf(fields: Fields | undefined): ScoringStrategy | undefined {
  if (!fields) return undefined;
  const type = fields.string("type") ?? "";
  const given = weightsOf(fields);
  for (const [index, { name, weight }] of given.entries()) {
    if (weight > 0 && weight <= 100) continue;
    const detail = `resource weight of ${name} not in valid range (0, 100]`;
    fields.report(invalid(fields.at(`resources[${index}].weight`), weight, detail));
  }
  const resources = given.length > 0
    ? given
    : defaultPluginArgs.NodeResourcesFit.scoringStrategy.resources;
  const ratio = fields.object("requestedToCapacityRatio");
  const shape = ratio ? shapeOf(ratio) : [];
  const path = fields.at("requestedToCapacityRatio");
  fields.end();
  ratio?.end();
  if (type === "RequestedToCapacityRatio") {
    if (!ratio) {
      fields.report(required(path, "must be specified when type is RequestedToCapacityRatio"));
    } else if (shape.length === 0) {
      fields.report(required(`${path}.shape`, "at least one point must be specified"));
    }
    return { type, resources, shape };
  }
  if (ratio) {
    fields.report(forbidden(path, "must be nil when type is not RequestedToCapacityRatio"));
  }
  if (type === "LeastAllocated" || type === "MostAllocated") return { type, resources };
  const types = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"];
  fields.report(notSupported(fields.at("type"), type, types));
  return undefined;
}

/** A broken line; its points must go up, and be in range. */
function shapeOf(fields: Fields): readonly ShapePoint[] {
  const points = (fields.list("shape") ?? []).map((point) => {
    const utilization = ranged(point, "utilization", [0, 100]) ?? 0;
    const score = ranged(point, "score", [0, 10]) ?? 0;
    point.end();
    return { utilization, score };
  });
  const wrong = points.findIndex(({ utilization }, index) =>
    index > 0 && utilization <= points[index - 1]!.utilization
  );
  if (wrong > 0) {
    const detail = "values must be sorted in increasing order";
    const path = fields.at(`shape[${wrong}].utilization`);
    fields.report(invalid(path, points[wrong]!.utilization, detail));
  }
  return points;
}

function checkConstraint(args: Fields, given: TopologySpreadConstraint, index: number): void {
  const path = args.at(`defaultConstraints[${index}]`);
  const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector } = given;
  if (!(maxSkew > 0)) {
    args.report(invalid(`${path}.maxSkew`, maxSkew, "not in valid range (0, inf)"));
  }
  if (!topologyKey) args.report(required(`${path}.topologyKey`, "can not be empty"));
  const actions = ["DoNotSchedule", "ScheduleAnyway"];
  if (!whenUnsatisfiable) {
    args.report(required(`${path}.whenUnsatisfiable`, "can not be empty"));
  } else if (!actions.includes(whenUnsatisfiable)) {
    args.report(notSupported(`${path}.whenUnsatisfiable`, whenUnsatisfiable, actions));
  }
  if (labelSelector) {
    const detail = "constraint must not define a selector, as they deduced for each pod";
    args.report(forbidden(`${path}.labelSelector`, detail));
  }
}
