import type { ControllerRevision, StatefulSet } from "../../../shared/api/apps/v1/types.gen.ts";
import type {
  PersistentVolumeClaim,
  Pod,
  PodTemplateSpec,
  Volume,
} from "../../../shared/api/core/v1/types.gen.ts";
import { REVISION_HASH } from "../history/controller_history.ts";
import { podFromTemplate } from "../pods/pod_from_template.ts";

const POD_NAME = "statefulset.kubernetes.io/pod-name";
const POD_INDEX = "apps.kubernetes.io/pod-index";

/** The number at the end of a pod's name; undefined if the pod cannot be one of the set's. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const { name = "" } = pod.metadata;
  const prefix = `${set.metadata.name}-`;
  const text = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

/** The pod with this ordinal, of the template that the revision holds. */
export function statefulPod(
  set: StatefulSet,
  ordinal: number,
  revision: ControllerRevision,
): Pod {
  const name = `${set.metadata.name}-${ordinal}`;
  const template = templateOf(revision);
  const pod = podFromTemplate(set, template, name);
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [POD_NAME]: name,
    [POD_INDEX]: String(ordinal),
    [REVISION_HASH]: revision.metadata.name!,
  };
  const claims = set.spec.volumeClaimTemplates ?? [];
  const own = new Set(claims.map(({ metadata }) => metadata.name));
  const volumes: Volume[] = [
    ...claims.map(({ metadata }) => ({
      name: metadata.name!,
      persistentVolumeClaim: { claimName: claimNameOf(metadata.name!, name) },
    })),
    ...(pod.spec?.volumes ?? []).filter((volume) => !own.has(volume.name)),
  ];
  pod.spec = {
    ...pod.spec!,
    hostname: name,
    ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
    ...(volumes.length > 0 && { volumes }),
  };
  return pod;
}

/** The claims of the pod with this ordinal. They have no owner: what they hold outlives the set. */
export function claimsOf(set: StatefulSet, ordinal: number): readonly PersistentVolumeClaim[] {
  const pod = `${set.metadata.name}-${ordinal}`;
  return (set.spec.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    kind: "PersistentVolumeClaim",
    apiVersion: "v1",
    metadata: {
      name: claimNameOf(metadata.name!, pod),
      namespace: set.metadata.namespace,
      labels: { ...metadata.labels, ...set.spec.selector.matchLabels },
      ...(metadata.annotations && { annotations: metadata.annotations }),
    },
    ...(spec && { spec }),
  }));
}

function claimNameOf(claim: string, pod: string): string {
  return `${claim}-${pod}`;
}

function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (data as { spec: { template: Record<string, unknown> } }).spec
    .template;
  return template as PodTemplateSpec;
}
