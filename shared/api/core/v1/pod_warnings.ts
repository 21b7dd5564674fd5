import { appArmorPrefix, appArmorProfileOf, isSameProfile } from "./app_armor.ts";
import type { LabelSelector } from "../../../meta/types.gen.ts";
import { containerWarnings } from "./container_warnings.ts";
import { fractionWarnings } from "./fraction_warnings.ts";
import type { NodeSelectorTerm, Pod, PodSpec, PodTemplateSpec, Volume } from "./types.gen.ts";

/** Labels of nodes that have a successor. */
const deprecatedLabels: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region":
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone":
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type":
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};
/** Volume types whose drivers have left the core. */
const deprecatedVolumes: readonly (readonly [keyof Volume, string])[] = [
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
];
const NULL_SELECTOR = "a null labelSelector results in matching no pod";
const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_PREFIX = "container.seccomp.security.alpha.kubernetes.io/";

/** What a client should know about the pod that it writes. */
export function podWarnings(pod: Pod): readonly string[] {
  return specWarnings(pod.spec ?? {} as PodSpec, pod.metadata.annotations, "");
}

/** As `podWarnings`, for a template at `path`. */
export function podTemplateWarnings(
  template: PodTemplateSpec | undefined,
  path: string,
): readonly string[] {
  const { spec = {} as PodSpec, metadata } = template ?? {};
  return specWarnings(spec, metadata?.annotations, `${path}.`);
}

function specWarnings(
  spec: PodSpec,
  annotations: Readonly<Record<string, string>> | undefined,
  prefix: string,
): readonly string[] {
  const path = `${prefix}spec`;
  const warnings: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = deprecatedLabels[key];
    if (text) warnings.push(`${path}.nodeSelector[${key}]: ${text}`);
  }
  warnings.push(...affinityWarnings(spec, path));
  warnings.push(...spreadWarnings(spec, path));
  warnings.push(...annotationWarnings(spec, annotations, `${prefix}metadata.annotations`));
  spec.imagePullSecrets?.forEach(({ name }, i) => {
    if (!name) warnings.push(`${path}.imagePullSecrets[${i}].name: invalid empty name ""`);
  });
  spec.volumes?.forEach((volume, i) => {
    warnings.push(...volumeWarnings(volume, `${path}.volumes[${i}]`));
  });
  const seconds = spec.terminationGracePeriodSeconds ?? 0;
  if (seconds < 0) {
    warnings.push(
      `${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  warnings.push(...containerWarnings(spec, path));
  for (const [name, value] of Object.entries(spec.overhead ?? {})) {
    if (name === "memory" || name === "ephemeral-storage") {
      warnings.push(...fractionWarnings(value, `${path}.overhead[${name}]`));
    }
  }
  return warnings;
}

function affinityWarnings({ affinity }: PodSpec, path: string): readonly string[] {
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
  const warnings: string[] = [];
  const nodes = affinity?.nodeAffinity;
  const nodePath = `${path}.affinity.nodeAffinity`;
  nodes?.[required]?.nodeSelectorTerms?.forEach((term, i) => {
    warnings.push(...termWarnings(term, `${nodePath}.${required}.nodeSelectorTerms[${i}]`));
  });
  nodes?.[preferred]?.forEach(({ preference }, i) => {
    warnings.push(...termWarnings(preference, `${nodePath}.${preferred}[${i}].preference`));
  });
  for (const kind of ["podAffinity", "podAntiAffinity"] as const) {
    const at = `${path}.affinity.${kind}`;
    affinity?.[kind]?.[required]?.forEach(({ labelSelector }, i) => {
      warnings.push(...selectorWarnings(labelSelector, `${at}.${required}[${i}].labelSelector`));
    });
    affinity?.[kind]?.[preferred]?.forEach(({ podAffinityTerm }, i) => {
      const term = `${at}.${preferred}[${i}].podAffinityTerm.labelSelector`;
      warnings.push(...selectorWarnings(podAffinityTerm?.labelSelector, term));
    });
  }
  return warnings;
}

function termWarnings(term: NodeSelectorTerm, path: string): readonly string[] {
  return (term?.matchExpressions ?? []).flatMap(({ key }, i) => {
    const text = deprecatedLabels[key];
    return text ? [`${path}.matchExpressions[${i}].key: ${key} is ${text}`] : [];
  });
}

function selectorWarnings(selector: LabelSelector | undefined, path: string): readonly string[] {
  return selector ? [] : [`${path}: ${NULL_SELECTOR}`];
}

function spreadWarnings(spec: PodSpec, path: string): readonly string[] {
  return (spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, i) => {
    const at = `${path}.topologySpreadConstraints[${i}]`;
    const text = deprecatedLabels[topologyKey];
    return [
      ...(text ? [`${at}.topologyKey: ${topologyKey} is ${text}`] : []),
      ...selectorWarnings(labelSelector, `${at}.labelSelector`),
    ];
  });
}

/** Profiles by annotation: their fields are there, or they have no effect any more. */
function annotationWarnings(
  spec: PodSpec,
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(annotations ?? {}).sort()) {
    if (key === SECCOMP_POD || key.startsWith(SECCOMP_PREFIX)) {
      warnings.push(
        `${path}[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`,
      );
    } else if (key.startsWith(appArmorPrefix) && !hasAppArmorField(spec, key, annotations![key]!)) {
      warnings.push(
        `${path}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
      );
    }
  }
  return warnings;
}

/** Whether the container says for itself what the annotation is about; the server may have copied it there. */
function hasAppArmorField(spec: PodSpec, key: string, value: string): boolean {
  const name = key.slice(appArmorPrefix.length);
  const copied = appArmorProfileOf(value);
  return [...spec.containers ?? [], ...spec.initContainers ?? []].some((container) => {
    const profile = container.securityContext?.appArmorProfile;
    return container.name === name && profile !== undefined &&
      !(copied && isSameProfile(profile, copied));
  });
}

function volumeWarnings(volume: Volume, path: string): readonly string[] {
  const warnings: string[] = [];
  for (const [field, text] of deprecatedVolumes) {
    if (volume[field] !== undefined) warnings.push(`${path}.${field}: ${text}`);
  }
  const storage = volume.ephemeral?.volumeClaimTemplate?.spec?.resources?.requests?.storage;
  if (storage !== undefined) {
    const at = `${path}.ephemeral.volumeClaimTemplate.spec.resources.requests[storage]`;
    warnings.push(...fractionWarnings(storage, at));
  }
  const sources = volume.projected?.sources ?? [];
  if (volume.projected && sources.every((source) => Object.keys(source).length === 0)) {
    warnings.push(`volume "${volume.name}" (Projected) has no sources provided`);
  }
  return warnings;
}
