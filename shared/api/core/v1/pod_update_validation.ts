import { type FieldError, forbidden, invalid } from "../../../meta/field_error.ts";
import { schemaOfType } from "../../../schema/schema.ts";
import { internalText } from "../../internal_value.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { unifiedDiff } from "../../unified_diff.ts";
import type { Container, NodeAffinity, Pod, PodSpec, Toleration } from "./types.gen.ts";

const TYPE = "k8s.io.api.core.v1.PodSpec";
const MAX_SECONDS = 2147483647;
const updatable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",");

/** What may change while a pod is there: images, a few seconds, more tolerations, fewer gates. */
export function validatePodUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  const spec = pod.spec ?? {} as PodSpec;
  const oldSpec = old.spec ?? {} as PodSpec;
  for (const field of ["containers", "initContainers"] as const) {
    if ((spec[field]?.length ?? 0) !== (oldSpec[field]?.length ?? 0)) {
      return [forbidden(`spec.${field}`, "pod updates may not add or remove containers")];
    }
  }
  const deadline = validateDeadline(spec.activeDeadlineSeconds, oldSpec.activeDeadlineSeconds);
  if (deadline && deadline.isFinal) return [deadline.error];
  const errors = deadline ? [deadline.error] : [];
  errors.push(...validateAddedTolerations(spec.tolerations, oldSpec.tolerations));
  errors.push(...validateDeletedGates(spec, oldSpec));
  const schema = schemaOfType(TYPE);
  if (semanticEqual(schema, spec, oldSpec)) return errors;
  const kept = withUpdatable(spec, oldSpec);
  if (oldSpec.schedulingGates?.length) errors.push(...validateGatedChanges(kept, oldSpec));
  if (!semanticEqual(schema, kept, oldSpec)) {
    const diff = unifiedDiff(internalText(TYPE, oldSpec), internalText(TYPE, kept));
    const detail = `pod updates may not change fields other than ${updatable}\n${diff}`;
    errors.push(forbidden("spec", detail));
  }
  return errors;
}

/** A deadline may be set, and brought forward. */
function validateDeadline(seconds: number | undefined, old: number | undefined) {
  const path = "spec.activeDeadlineSeconds";
  if (seconds === undefined) {
    if (old === undefined) return undefined;
    const detail = "must not update from a positive integer to nil value";
    return { error: invalid(path, null, detail), isFinal: false };
  }
  if (seconds < 0 || seconds > MAX_SECONDS) {
    const detail = `must be between 0 and ${MAX_SECONDS}, inclusive`;
    return { error: invalid(path, seconds, detail), isFinal: true };
  }
  if (old !== undefined && old < seconds) {
    const detail = "must be less than or equal to previous value";
    return { error: invalid(path, seconds, detail), isFinal: true };
  }
  return undefined;
}

function validateAddedTolerations(
  tolerations: readonly Toleration[] | undefined,
  old: readonly Toleration[] | undefined,
): readonly FieldError[] {
  const same = (a: Toleration, b: Toleration) =>
    (a.key ?? "") === (b.key ?? "") && (a.operator || "Equal") === (b.operator || "Equal") &&
    (a.value ?? "") === (b.value ?? "") && (a.effect ?? "") === (b.effect ?? "");
  const isKept = (old ?? []).every((before) => tolerations?.some((after) => same(after, before)));
  if (isKept) return [];
  const detail = "existing toleration can not be modified except its tolerationSeconds";
  return [forbidden("spec.tolerations", detail)];
}

function validateDeletedGates(spec: PodSpec, old: PodSpec): readonly FieldError[] {
  const known = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  return (spec.schedulingGates ?? []).flatMap(({ name }, i) => {
    if (known.has(name)) return [];
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return [forbidden(`spec.schedulingGates[${i}].name`, detail)];
  });
}

/** The new spec with the old values of all that may change. */
function withUpdatable(spec: PodSpec, old: PodSpec): PodSpec {
  const kept: PodSpec = { ...spec };
  kept.containers = withImages(spec.containers, old.containers) ?? [];
  const init = withImages(spec.initContainers, old.initContainers);
  if (init) kept.initContainers = init;
  copy(kept, old, "activeDeadlineSeconds");
  copy(kept, old, "tolerations");
  copy(kept, old, "schedulingGates");
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    copy(kept, old, "terminationGracePeriodSeconds");
  }
  return kept;
}

function withImages(
  containers: readonly Container[] | undefined,
  old: readonly Container[] | undefined,
): Container[] | undefined {
  return containers?.map((container, i) => {
    const image = old?.[i]?.image;
    return image === undefined ? container : { ...container, image };
  });
}

function copy<K extends keyof PodSpec>(spec: PodSpec, old: PodSpec, field: K): void {
  const value = old[field];
  if (value === undefined) delete spec[field];
  else spec[field] = value;
}

/** While nothing has been decided about it, a gated pod may be narrowed down to fewer nodes (KEP-3838). */
function validateGatedChanges(spec: PodSpec, old: PodSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const selector = spec.nodeSelector ?? {};
  const narrowed = Object.entries(old.nodeSelector ?? {}).every(([k, v]) => selector[k] === v);
  if (!narrowed) {
    const detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
    errors.push(invalid("spec.nodeSelector", spec.nodeSelector ?? null, detail));
  }
  copy(spec, old, "nodeSelector");
  const affinity = spec.affinity?.nodeAffinity;
  const before = old.affinity?.nodeAffinity;
  if (affinity && isNarrowed(affinity, before)) {
    const { nodeAffinity: _, ...rest } = spec.affinity ?? {};
    const kept = before ? { ...rest, nodeAffinity: before } : rest;
    if (Object.keys(kept).length > 0 || old.affinity) spec.affinity = kept;
    else delete spec.affinity;
  }
  return errors;
}

/** Required terms may gain requirements; preferences may change freely. */
function isNarrowed(affinity: NodeAffinity, old: NodeAffinity | undefined): boolean {
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const before = old?.[required]?.nodeSelectorTerms;
  if (!before) return true;
  const after = affinity[required]?.nodeSelectorTerms ?? [];
  return after.length === before.length && before.every((term, i) => {
    const has = (list: readonly unknown[] | undefined, part: readonly unknown[] | undefined) =>
      (part ?? []).every((item) =>
        (list ?? []).some((other) => JSON.stringify(other) === JSON.stringify(item))
      );
    return has(after[i]!.matchExpressions, term.matchExpressions) &&
      has(after[i]!.matchFields, term.matchFields);
  });
}
