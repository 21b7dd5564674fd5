import type { RemoteVersion } from "../../aggregator/remote_discovery.ts";
import type { Served } from "../resource_request.ts";
import { isBuiltIn } from "../respond.ts";
import { compareVersions } from "./versions.ts";

/** Where a group stands in `/apis`: the higher comes first (`APIService.spec.groupPriorityMinimum`). */
const groupPriority: Readonly<Record<string, number>> = {
  "apiregistration.k8s.io": 18000,
  "apps": 17800,
  "events.k8s.io": 17750,
  "authentication.k8s.io": 17700,
  "authorization.k8s.io": 17600,
  "autoscaling": 17500,
  "batch": 17400,
  "certificates.k8s.io": 17300,
  "networking.k8s.io": 17200,
  "policy": 17100,
  "rbac.authorization.k8s.io": 17000,
  "storage.k8s.io": 16800,
  "admissionregistration.k8s.io": 16701,
  "apiextensions.k8s.io": 16700,
  "scheduling.k8s.io": 16600,
  "coordination.k8s.io": 16500,
  "node.k8s.io": 16300,
  "discovery.k8s.io": 16201,
  "resource.k8s.io": 16200,
  "flowcontrol.apiserver.k8s.io": 16100,
  "storagemigration.k8s.io": 15800,
};
/** Custom groups come after the built-in ones. */
const customPriority = 1000;

/** Where the versions of custom groups stand (`APIService.spec.versionPriority`). */
const customVersionPriority = 100;

/** A version of a group, served here or by another server. */
export interface GroupVersion {
  readonly version: string;
  readonly resources: readonly Served[];
  /** Present if another server answers for it. */
  readonly remote?: RemoteVersion;
}

export interface GroupVersions {
  readonly name: string;
  readonly isBuiltIn: boolean;
  readonly versions: readonly GroupVersion[];
}

/** All groups, the most important first, each with its preferred version first. What is remote hides what is here. */
export function collectGroups(
  served: Iterable<Served>,
  remotes: readonly RemoteVersion[],
): readonly GroupVersions[] {
  const groups = new Map<string, Map<string, Served[]>>();
  const versionsOf = (group: string) => {
    const found = groups.get(group) ?? new Map<string, Served[]>();
    groups.set(group, found);
    return found;
  };
  for (const resource of served) {
    const { group, version } = resource.kind;
    const versions = versionsOf(group);
    versions.set(version, [...(versions.get(version) ?? []), resource]);
  }
  for (const { group, version } of remotes) versionsOf(group).set(version, []);
  const remoteOf = (group: string, version: string) =>
    remotes.find((one) => one.group === group && one.version === version);
  return [...groups].map(([name, versions]) => ({
    name,
    isBuiltIn: versions.values().some((list) => list.some(({ kind }) => isBuiltIn(kind))),
    versions: [...versions].map(([version, resources]) => {
      const remote = remoteOf(name, version);
      return { version, resources, ...(remote && { remote }) };
    }).sort(byPreference),
  })).sort((a, b) => priorityOf(b) - priorityOf(a) || (a.name < b.name ? -1 : 1));
}

function byPreference(a: GroupVersion, b: GroupVersion): number {
  const priority = ({ remote }: GroupVersion) => remote?.versionPriority ?? customVersionPriority;
  return priority(b) - priority(a) || compareVersions(a.version, b.version);
}

/** The highest that any of the versions asks for. */
function priorityOf({ name, versions }: GroupVersions): number {
  const asked = versions.map(({ remote }) => remote?.groupPriority ?? localPriority(name));
  return Math.max(...asked);
}

function localPriority(group: string): number {
  return groupPriority[group] ?? customPriority;
}
