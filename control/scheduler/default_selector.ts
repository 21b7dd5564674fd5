import type { ReplicationController, Service } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { keyOf } from "../../shared/informer/informer.ts";
import type { LabelRequirement } from "../../shared/meta/label_requirement.ts";
import { compile, fromLabelSelector, type LabelMatcher } from "../../shared/meta/labels.ts";
import { controllerOf } from "../../shared/meta/object_meta.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import type { PluginHandle } from "./framework.ts";

/** Tells which pods belong together without saying so: those of the same Services and the same owner. */
export type DefaultSelector = (pod: PodInfo) => LabelMatcher | undefined;

/** Selects the pods to spread where a pod names no constraints. Undefined for a pod of no Service or owner. */
export function createDefaultSelector({ lister }: PluginHandle): DefaultSelector {
  const services = lister(resources.services);
  const controllers = lister(resources.replicationcontrollers);
  const replicaSets = lister(resources.replicasets);
  const statefulSets = lister(resources.statefulsets);
  services.addIndex(byPair, (service) => firstPair(service));
  const ownRequirements = (key: string, owner: string): readonly LabelRequirement[] => {
    if (owner === "apps/v1 ReplicaSet") {
      return fromLabelSelector(replicaSets.get(key)?.spec?.selector).requirements;
    }
    if (owner !== "apps/v1 StatefulSet") return [];
    return fromLabelSelector(statefulSets.get(key)?.spec?.selector).requirements;
  };
  return (pod) => {
    const pairs: Record<string, string> = {};
    for (const key in pod.labels) {
      for (
        const service of services.byIndex(byPair, pairKey(pod.namespace, key, pod.labels[key]!))
      ) {
        const selector = service.spec?.selector ?? {};
        if (isSubset(selector, pod.labels)) Object.assign(pairs, selector);
      }
    }
    const owner = controllerOf(pod.pod);
    const key = `${pod.namespace}/${owner?.name}`;
    const kind = `${owner?.apiVersion} ${owner?.kind}`;
    // A plain map of labels takes the place of the Services' pairs; selectors add to them.
    if (kind === "v1 ReplicationController") {
      Object.assign(
        pairs,
        (controllers.get(key) as ReplicationController | undefined)?.spec?.selector,
      );
    }
    const requirements = [...equals(pairs), ...ownRequirements(key, kind)];
    return requirements.length === 0 ? undefined : compile(requirements);
  };
}

/** Services are filed under one pair of their selector, so a pod finds its Services without testing all. */
const byPair = "scheduler/selector-pair";

function firstPair(service: Service): readonly string[] {
  const first = Object.entries(service.spec?.selector ?? {})[0];
  if (!first) return [];
  const namespace = service.metadata.namespace ?? keyOf(service);
  return [pairKey(namespace, first[0], first[1])];
}

function pairKey(namespace: string, key: string, value: string): string {
  return `${namespace}/${key}=${value}`;
}

function equals(labels: Readonly<Record<string, string>> | undefined): LabelRequirement[] {
  return Object.entries(labels ?? {})
    .map(([key, value]) => ({ key, operator: "=", values: [value] }));
}

function isSubset(
  part: Readonly<Record<string, string>>,
  whole: Readonly<Record<string, string>>,
): boolean {
  for (const key in part) if (part[key] !== whole[key]) return false;
  return true;
}
