import { type FieldError, forbidden, invalid, required } from "../../../meta/field_error.ts";
import { isDns1123Label, isQualifiedName } from "../../../meta/names.ts";
import type { LabelSelector } from "../../../meta/types.gen.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import { check, oneOf, optionalOneOf } from "../../validation.ts";
import { validateNodeSelector, validateNodeSelectorTerm } from "./scheduling_validation.ts";
import type {
  Affinity,
  NodeAffinity,
  PodAffinity,
  PodAffinityTerm,
  PodAntiAffinity,
  TopologySpreadConstraint,
} from "./types.gen.ts";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

/** Near what, and far from what, a pod wants to run. */
export function validateAffinity(
  affinity: Affinity | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (affinity?.nodeAffinity) {
    errors.push(...validateNodeAffinity(affinity.nodeAffinity, `${path}.nodeAffinity`));
  }
  if (affinity?.podAffinity) {
    errors.push(...validatePodAffinity(affinity.podAffinity, `${path}.podAffinity`));
  }
  if (affinity?.podAntiAffinity) {
    errors.push(...validatePodAffinity(affinity.podAntiAffinity, `${path}.podAntiAffinity`));
  }
  return errors;
}

/** How evenly pods are to be spread. */
export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: string,
): readonly FieldError[] {
  return (constraints ?? []).flatMap((constraint, i) => [
    ...validateConstraint(constraint, constraints!.slice(i + 1), `${path}[${i}]`),
  ]);
}

function validateNodeAffinity(affinity: NodeAffinity, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (affinity[REQUIRED]) {
    errors.push(...validateNodeSelector(affinity[REQUIRED], `${path}.${REQUIRED}`));
  }
  affinity[PREFERRED]?.forEach(({ weight, preference }, i) => {
    const at = `${path}.${PREFERRED}[${i}]`;
    errors.push(...validateWeight(weight, at));
    const options = { allowInvalidValues: true };
    errors.push(...validateNodeSelectorTerm(preference ?? {}, `${at}.preference`, options));
  });
  return errors;
}

function validatePodAffinity(
  affinity: PodAffinity | PodAntiAffinity,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  affinity[REQUIRED]?.forEach((term, i) => {
    errors.push(...validateTerm(term, `${path}.${REQUIRED}[${i}]`));
  });
  affinity[PREFERRED]?.forEach(({ weight, podAffinityTerm }, i) => {
    const at = `${path}.${PREFERRED}[${i}]`;
    errors.push(...validateWeight(weight, at));
    errors.push(...validateTerm(podAffinityTerm, `${at}.podAffinityTerm`));
  });
  return errors;
}

function validateWeight(weight: number, path: string): readonly FieldError[] {
  return weight >= 1 && weight <= 100
    ? []
    : [invalid(`${path}.weight`, weight, "must be in the range 1-100")];
}

function validateTerm(term: PodAffinityTerm, path: string): readonly FieldError[] {
  const { labelSelector, topologyKey = "" } = term;
  const errors: FieldError[] = [];
  errors.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`));
  errors.push(...validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`));
  errors.push(...validateLabelKeys(term.matchLabelKeys, labelSelector, `${path}.matchLabelKeys`));
  errors.push(
    ...validateLabelKeys(term.mismatchLabelKeys, labelSelector, `${path}.mismatchLabelKeys`),
  );
  const both = term.mismatchLabelKeys?.findIndex((key) => term.matchLabelKeys?.includes(key)) ?? -1;
  if (both >= 0) {
    const detail = "exists in both matchLabelKeys and mismatchLabelKeys";
    errors.push(
      invalid(`${path}.mismatchLabelKeys[${both}]`, term.mismatchLabelKeys![both], detail),
    );
  }
  for (const name of term.namespaces ?? []) {
    errors.push(...check(name, `${path}.namespace`, isDns1123Label));
  }
  if (topologyKey === "") errors.push(required(`${path}.topologyKey`, "can not be empty"));
  errors.push(...check(topologyKey, `${path}.topologyKey`, isQualifiedName));
  return errors;
}

function validateLabelKeys(
  keys: readonly string[] | undefined,
  selector: LabelSelector | undefined,
  path: string,
): readonly FieldError[] {
  if (!keys || keys.length === 0) return [];
  if (!selector) return [forbidden(path, "must not be specified when labelSelector is not set")];
  return keys.flatMap((key, i) => [...check(key, `${path}[${i}]`, isQualifiedName)]);
}

function validateConstraint(
  constraint: TopologySpreadConstraint,
  rest: readonly TopologySpreadConstraint[],
  path: string,
): readonly FieldError[] {
  const { maxSkew, topologyKey, whenUnsatisfiable, minDomains, labelSelector } = constraint;
  const errors: FieldError[] = [];
  if (!(maxSkew > 0)) {
    errors.push(invalid(`${path}.maxSkew`, maxSkew ?? 0, "must be greater than zero"));
  }
  if (!topologyKey) errors.push(required(`${path}.topologyKey`, "can not be empty"));
  else errors.push(...check(topologyKey, `${path}.topologyKey`, isQualifiedName));
  const actions = ["DoNotSchedule", "ScheduleAnyway"];
  errors.push(...oneOf(whenUnsatisfiable, `${path}.whenUnsatisfiable`, actions));
  const isRepeated = rest.some((other) =>
    other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable
  );
  if (isRepeated) {
    errors.push({
      path: `${path}.{topologyKey, whenUnsatisfiable}`,
      reason: "FieldValueDuplicate",
      message: `Duplicate value: ${JSON.stringify(`{${topologyKey}, ${whenUnsatisfiable}}`)}`,
    });
  }
  errors.push(...validateMinDomains(minDomains, whenUnsatisfiable, `${path}.minDomains`));
  const policies = ["Honor", "Ignore"];
  errors.push(
    ...optionalOneOf(constraint.nodeAffinityPolicy, `${path}.nodeAffinityPolicy`, policies),
  );
  errors.push(...optionalOneOf(constraint.nodeTaintsPolicy, `${path}.nodeTaintsPolicy`, policies));
  errors.push(
    ...validateSpreadKeys(constraint.matchLabelKeys, labelSelector, `${path}.matchLabelKeys`),
  );
  errors.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`));
  return errors;
}

function validateMinDomains(
  minDomains: number | undefined,
  whenUnsatisfiable: string,
  path: string,
): readonly FieldError[] {
  if (minDomains === undefined) return [];
  const errors: FieldError[] = [];
  if (minDomains <= 0) errors.push(invalid(path, minDomains, "must be greater than zero"));
  if (whenUnsatisfiable !== "DoNotSchedule") {
    const detail =
      `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
    errors.push(invalid(path, minDomains, detail));
  }
  return errors;
}

/** As in affinity terms, but a key that the selector has already is refused. */
function validateSpreadKeys(
  keys: readonly string[] | undefined,
  selector: LabelSelector | undefined,
  path: string,
): readonly FieldError[] {
  const errors = [...validateLabelKeys(keys, selector, path)];
  if (!selector) return errors;
  const used = new Set([
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map(({ key }) => key),
  ]);
  keys?.forEach((key, i) => {
    if (used.has(key)) {
      const detail = "exists in both matchLabelKeys and labelSelector";
      errors.push(invalid(`${path}[${i}]`, key, detail));
    }
  });
  return errors;
}
