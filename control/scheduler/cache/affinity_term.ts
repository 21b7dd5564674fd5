import type { PodAffinityTerm, PodSpec } from "../../../shared/api/core/v1/types.gen.ts";
import type { Labels } from "../../../shared/meta/labels.ts";
import { compile, fromLabelSelector, type LabelMatcher } from "../../../shared/meta/labels.ts";
import { type LabelRequirement, newRequirement } from "../../../shared/meta/label_requirement.ts";
import type { LabelSelector, ObjectMeta } from "../../../shared/meta/types.gen.ts";

/** A compiled pod affinity or anti-affinity term. */
export interface AffinityTerm {
  readonly topologyKey: string;
  /** Named ones; the pod's own if the term names none and selects none. */
  readonly namespaces: ReadonlySet<string>;
  /** Selects further namespaces by their labels. */
  readonly namespaceSelector: LabelMatcher | undefined;
  readonly selector: LabelMatcher;
  /** The same text for terms that mean the same. */
  readonly key: string;
  /** The same text for terms whose `selector` means the same. */
  readonly selectorKey: string;
}
export interface WeightedTerm {
  readonly weight: number;
  readonly term: AffinityTerm;
}
/** The terms of a pod. Most pods have none and share one value. */
export interface PodAffinities {
  readonly required: readonly AffinityTerm[];
  readonly requiredAnti: readonly AffinityTerm[];
  readonly preferred: readonly WeightedTerm[];
  readonly preferredAnti: readonly WeightedTerm[];
}

/** What a pod without affinities has. */
export const noAffinities: PodAffinities = {
  required: [],
  requiredAnti: [],
  preferred: [],
  preferredAnti: [],
};

/** Compiles the affinities of a pod. */
export function affinitiesOf(metadata: ObjectMeta, spec: PodSpec | undefined): PodAffinities {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  if (!podAffinity && !podAntiAffinity) return noAffinities;
  const term = (given: PodAffinityTerm) => compileTerm(metadata, given);
  const weighted = (
    { weight, podAffinityTerm }: { weight: number; podAffinityTerm: PodAffinityTerm },
  ) => ({ weight, term: term(podAffinityTerm) });
  return {
    required: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    requiredAnti: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    preferred: (podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted),
    preferredAnti: (podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      .map(weighted),
  };
}

/** Whether a term selects a pod of `namespace`, whose own labels are `namespaceLabels`. */
export function termSelects(
  term: AffinityTerm,
  pod: { readonly namespace: string; readonly labels: Labels },
  namespaceLabels: Labels,
): boolean {
  return (term.namespaces.has(pod.namespace) ||
    (term.namespaceSelector?.matches(namespaceLabels) ?? false)) &&
    term.selector.matches(pod.labels);
}

/** A selector that also asks for the pod's own values of some labels (KEP-3243, KEP-3633). */
export function withLabelKeys(
  selector: LabelSelector | undefined,
  labels: Labels,
  keys: {
    readonly same?: readonly string[] | undefined;
    readonly other?: readonly string[] | undefined;
  },
): LabelMatcher {
  const base = fromLabelSelector(selector);
  const extra: LabelRequirement[] = [];
  for (const key of keys.same ?? []) {
    if (labels?.[key] !== undefined) extra.push(newRequirement(key, "in", [labels[key]]));
  }
  for (const key of keys.other ?? []) {
    if (labels?.[key] !== undefined) extra.push(newRequirement(key, "notin", [labels[key]]));
  }
  // An absent selector selects nothing, whatever the keys.
  if (extra.length === 0 || selector === undefined) return base;
  return compile([...base.requirements, ...extra]);
}

function compileTerm(metadata: ObjectMeta, given: PodAffinityTerm): AffinityTerm {
  const isOwn = !given.namespaces?.length && !given.namespaceSelector;
  const namespaces = isOwn ? [metadata.namespace ?? ""] : given.namespaces ?? [];
  const namespaceSelector = given.namespaceSelector && fromLabelSelector(given.namespaceSelector);
  const selector = withLabelKeys(given.labelSelector, metadata.labels, {
    same: given.matchLabelKeys,
    other: given.mismatchLabelKeys,
  });
  const selectorKey = given.labelSelector ? `(${selector})` : "";
  const key = [
    given.topologyKey,
    [...namespaces].sort().join(","),
    namespaceSelector ? `(${namespaceSelector})` : "",
    selectorKey,
  ].join(";");
  const { topologyKey } = given;
  return {
    topologyKey,
    namespaces: new Set(namespaces),
    namespaceSelector,
    selector,
    key,
    selectorKey,
  };
}
