import { isDeepStrictEqual } from "node:util";
import type { Deployment, ReplicaSet } from "../../../shared/api/apps/v1/types.gen.ts";
import type { PodTemplateSpec } from "../../../shared/api/core/v1/types.gen.ts";
import { controllerReferenceTo } from "../../../shared/meta/object_meta.ts";
import { templateHash } from "../pods/template_hash.ts";
import { surgeOf } from "./rollout_plan.ts";

/** Number of the rollout, on the Deployment and on each ReplicaSet; `kubectl rollout history` shows it. */
export const REVISION = "deployment.kubernetes.io/revision";
const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
/** The Deployment's size and size with surge when the ReplicaSet was last scaled. */
export const DESIRED = "deployment.kubernetes.io/desired-replicas";
export const MAX = "deployment.kubernetes.io/max-replicas";
const HASH = "pod-template-hash";

/** Annotations that a ReplicaSet has of its own. */
const notInherited: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.deployment.rollback.to",
  REVISION,
  REVISION_HISTORY,
  DESIRED,
  MAX,
]);

/** The oldest set with the Deployment's template: the one that is rolled out. */
export function findNewSet(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  const wanted = withoutHash(deployment.spec.template);
  return sets.toSorted(byCreation).find((set) =>
    isDeepStrictEqual(withoutHash(set.spec.template ?? {}), wanted)
  );
}

/** Oldest first; names decide between sets of the same second. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const left = a.metadata.creationTimestamp ?? "";
  const right = b.metadata.creationTimestamp ?? "";
  if (left !== right) return left < right ? -1 : 1;
  return (a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1;
}

export function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0) || 0;
}

/** One more than that of any other set. */
export function nextRevision(old: readonly ReplicaSet[]): number {
  return 1 + old.reduce((most, set) => Math.max(most, revisionOf(set)), 0);
}

/** The ReplicaSet of the Deployment's template, not yet created. */
export function newSetFor(
  deployment: Deployment,
  options: { readonly replicas: number; readonly revision: number },
): ReplicaSet {
  const { metadata, spec, status } = deployment;
  const hash = templateHash(spec.template, status?.collisionCount);
  const labels = { ...spec.template.metadata?.labels, [HASH]: hash };
  const set: ReplicaSet = {
    kind: "ReplicaSet",
    apiVersion: "apps/v1",
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace,
      labels,
      ownerReferences: [controllerReferenceTo(deployment)],
    },
    spec: {
      replicas: options.replicas,
      ...(spec.minReadySeconds && { minReadySeconds: spec.minReadySeconds }),
      selector: {
        ...spec.selector,
        matchLabels: { ...spec.selector.matchLabels, [HASH]: hash },
      },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
  set.metadata.annotations = {
    ...setAnnotations(deployment, set, options.revision),
    ...sizeAnnotations(deployment),
  };
  return set;
}

/** The annotations that a set of the current template must have. */
export function setAnnotations(
  deployment: Deployment,
  set: ReplicaSet,
  revision: number,
): Record<string, string> {
  const annotations = { ...set.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!notInherited.has(key)) annotations[key] = value;
  }
  const old = annotations[REVISION];
  if (Number(old ?? 0) >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (old !== undefined) {
    const history = annotations[REVISION_HISTORY];
    annotations[REVISION_HISTORY] = history ? `${history},${old}` : old;
  }
  return annotations;
}

/** What a set remembers of the Deployment's size, so that scaling can be told from rolling out. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const replicas = deployment.spec.replicas ?? 1;
  return { [DESIRED]: String(replicas), [MAX]: String(replicas + surgeOf(deployment)) };
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [HASH]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}
