import type { FieldError } from "../../../meta/field_error.ts";
import { schemaOf, type StructNode } from "../../../schema/schema.ts";
import type { PodTemplateSpec } from "../../core/v1/types.gen.ts";
import { showSelector } from "../../apps/v1/selector_validation.ts";
import { internalValue } from "../../internal_value.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { immutable } from "../../validation.ts";
import type { Job, JobSpec } from "./types.gen.ts";

const schema = schemaOf("batch/v1", "Job").fields.get("spec")!.node as StructNode;
/** Fields that decide which pods are the job's, and what their end means. */
const fixed = [
  "completionMode",
  "podFailurePolicy",
  "backoffLimitPerIndex",
  "managedBy",
  "successPolicy",
] as const;
const goTypes: Readonly<Record<string, string>> = {
  podFailurePolicy: "k8s.io.api.batch.v1.PodFailurePolicy",
  successPolicy: "k8s.io.api.batch.v1.SuccessPolicy",
};

/** What may change while a job is there: how much at once, how long, and, while it sleeps, where. */
export function validateJobUpdate(obj: Job, old: Job): readonly FieldError[] {
  const spec = obj.spec ?? {} as JobSpec;
  const before = old.spec ?? {} as JobSpec;
  const isSame = (field: keyof JobSpec) =>
    semanticEqual(schema.fields.get(field)!.node, spec[field], before[field]) ||
    (spec[field] === undefined && before[field] === undefined);
  const errors: FieldError[] = [];
  if (!isSame("completions") && !isElastic(spec, before)) {
    errors.push(...immutable(false, spec.completions ?? null, "spec.completions"));
  }
  const selector = showSelector(spec.selector);
  const sameSelector = JSON.stringify(selector) === JSON.stringify(showSelector(before.selector));
  errors.push(...immutable(sameSelector, selector, "spec.selector"));
  errors.push(...validateTemplateUpdate(obj, old));
  for (const field of fixed) {
    if (isSame(field)) continue;
    const goType = goTypes[field];
    const shown = goType && spec[field] ? internalValue(goType, spec[field]) : spec[field] ?? null;
    errors.push(...immutable(false, shown, `spec.${field}`));
  }
  return errors;
}

/** An indexed job may grow or shrink together with its parallelism (KEP-3715). */
function isElastic(spec: JobSpec, before: JobSpec): boolean {
  return spec.completionMode === "Indexed" && spec.completions !== undefined &&
    before.completions !== undefined && spec.completions === spec.parallelism;
}

function validateTemplateUpdate(obj: Job, old: Job): readonly FieldError[] {
  const { node } = schema.fields.get("template")!;
  const template = obj.spec?.template;
  const before = old.spec?.template;
  if (semanticEqual(node, template, before)) return [];
  const comparable = isAsleep(old) ? withScheduling(template, before) : template;
  if (semanticEqual(node, comparable, before)) return [];
  const { fields } = node as StructNode;
  const errors: FieldError[] = [];
  const spec = fields.get("spec")!.node;
  if (!semanticEqual(spec, comparable?.spec, before?.spec)) {
    const shown = internalValue("k8s.io.api.core.v1.PodSpec", comparable?.spec ?? {});
    errors.push(...immutable(false, shown, "spec.template.spec"));
  } else {
    const shown = comparable?.metadata ?? {};
    errors.push(...immutable(false, shown, "spec.template"));
  }
  return errors;
}

/** A suspended job that has no pods yet may still be sent elsewhere (KEP-2926). */
function isAsleep({ spec, status }: Job): boolean {
  return spec?.suspend === true && (status?.startTime === undefined || status?.startTime === null);
}

/** The new template with the old values of all that may change. */
function withScheduling(
  template: PodTemplateSpec | undefined,
  before: PodTemplateSpec | undefined,
): PodTemplateSpec | undefined {
  if (!template?.spec || !before?.spec) return template;
  const spec = { ...template.spec };
  const old = before.spec;
  for (const field of ["nodeSelector", "affinity", "tolerations", "schedulingGates"] as const) {
    delete spec[field];
    if (old[field] !== undefined) Object.assign(spec, { [field]: old[field] });
  }
  const { annotations: _, labels: __, ...rest } = template.metadata ?? {};
  const metadata = {
    ...rest,
    ...(before.metadata?.annotations && { annotations: before.metadata.annotations }),
    ...(before.metadata?.labels && { labels: before.metadata.labels }),
  };
  return { ...template, metadata, spec };
}
