import { schemaOf } from "../../../schema/schema.ts";
import { containerColumns } from "../../core/v1/pod_columns.ts";
import { defaultPodTemplate } from "../../core/v1/pod_defaults.ts";
import { podTemplateWarnings } from "../../core/v1/pod_warnings.ts";
import { defineKind } from "../../kind.ts";
import { formatLabelSelector } from "../../selector_text.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { humanDuration } from "../../../meta/age.ts";
import { generateJobSelector } from "./job_selector.ts";
import { validateJobStatusUpdate } from "./job_status_validation.ts";
import { validateJobUpdate } from "./job_update_validation.ts";
import { validateJob, validateJobChange } from "./job_validation.ts";
import type { Job, JobSpec } from "./types.gen.ts";

/** Pods that run until enough of them have succeeded. */
export const job = defineKind<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("batch/v1", "Job"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Status", type: "string", cell: statusOf },
    { name: "Completions", type: "string", cell: completionsOf },
    { name: "Duration", type: "string", cell: durationOf },
    ageColumn(),
    ...containerColumns<Job>((obj) => obj.spec?.template),
    {
      name: "Selector",
      type: "string",
      priority: 1,
      cell: (obj) => formatLabelSelector(obj.spec?.selector),
    },
  ],
  selectableFields: { "status.successful": (obj) => String(obj.status?.succeeded ?? 0) },
  strategy: {
    defaults: defaultJob,
    prepareForCreate(obj) {
      obj.status = {};
      const labels = obj.spec?.template?.metadata?.labels;
      const isShared = labels !== undefined && sameLabels(obj.metadata.labels, labels);
      generateJobSelector(obj);
      if (isShared) takeLabels(obj);
    },
    // What is stored is read back with defaults, of which the labels are one.
    canonicalize(obj) {
      if (Object.keys(obj.metadata.labels ?? {}).length === 0) takeLabels(obj);
    },
    generationOf: (obj) => obj.spec,
    validateCreate: validateJob,
    validateUpdate: (obj, old) => [...validateJobChange(obj), ...validateJobUpdate(obj, old)],
    warnings: jobWarnings,
    defaultPropagation: "Orphan",
    deleteWarnings: (propagation) =>
      propagation === undefined
        ? [
          "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
        ]
        : [],
    status: { validateUpdate: validateJobStatusUpdate },
  },
});

function defaultJob(obj: Job): void {
  const spec = obj.spec ??= {} as JobSpec;
  spec.template = defaultPodTemplate(spec.template);
  const labels = spec.template.metadata?.labels;
  // For a job without labels of its own, those of its pods; the generated ones come later.
  if (labels && Object.keys(obj.metadata.labels ?? {}).length === 0) {
    obj.metadata.labels = { ...labels };
  }
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1;
    spec.parallelism = 1;
  }
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2147483647;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= "True";
  }
}

function takeLabels(obj: Job): void {
  const labels = obj.spec?.template?.metadata?.labels;
  if (labels) obj.metadata.labels = { ...labels };
}

/** Whether the job has no labels but those that it took from its template. */
function sameLabels(
  labels: Readonly<Record<string, string>> | undefined = {},
  template: Readonly<Record<string, string>> | undefined = {},
): boolean {
  const keys = Object.keys(labels);
  return keys.length === Object.keys(template).length &&
    keys.every((key) => labels[key] === template[key]);
}

function statusOf(obj: Job): string {
  const has = (type: string) =>
    obj.status?.conditions?.some((c) => c.type === type && c.status === "True") ?? false;
  if (has("Complete")) return "Complete";
  if (has("Failed")) return "Failed";
  if (obj.metadata.deletionTimestamp) return "Terminating";
  if (has("Suspended")) return "Suspended";
  if (has("FailureTarget")) return "FailureTarget";
  if (has("SuccessCriteriaMet")) return "SuccessCriteriaMet";
  return "Running";
}

function completionsOf({ spec, status }: Job): string {
  const done = status?.succeeded ?? 0;
  if (spec?.completions !== undefined && spec.completions !== null) {
    return `${done}/${spec.completions}`;
  }
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function durationOf({ status }: Job, now: number): string {
  if (!status?.startTime) return "";
  const end = status.completionTime ? Date.parse(status.completionTime) : now;
  return humanDuration(end - Date.parse(status.startTime));
}

function jobWarnings(obj: Job): readonly string[] {
  return [
    ...completionsWarnings(obj),
    ...podTemplateWarnings(obj.spec?.template, "spec.template"),
  ];
}

/** Beyond these sizes the status of an indexed job grows too large. */
function completionsWarnings({ spec }: Job): readonly string[] {
  if (spec?.completionMode !== "Indexed") return [];
  return (spec.completions ?? 0) > 100_000 && (spec.parallelism ?? 0) > 10_000
    ? [
      "spec.completions: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail",
    ]
    : [];
}
