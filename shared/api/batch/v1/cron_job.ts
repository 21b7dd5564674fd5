import { schemaOf } from "../../../schema/schema.ts";
import { containerColumns } from "../../core/v1/pod_columns.ts";
import { defaultPodTemplate } from "../../core/v1/pod_defaults.ts";
import { podTemplateWarnings } from "../../core/v1/pod_warnings.ts";
import { defineKind } from "../../kind.ts";
import { formatLabelSelector } from "../../selector_text.ts";
import { ageColumn, ageSince, nameColumn } from "../../table_columns.ts";
import { validateCronJob, validateCronJobCreate } from "./cron_job_validation.ts";
import type { CronJob, CronJobSpec, JobSpec } from "./types.gen.ts";

/** Makes a job at set times. */
export const cronJob = defineKind<CronJob>({
  group: "batch",
  version: "v1",
  kind: "CronJob",
  plural: "cronjobs",
  shortNames: ["cj"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("batch/v1", "CronJob"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Schedule", type: "string", cell: (obj) => obj.spec?.schedule ?? "" },
    { name: "Timezone", type: "string", cell: (obj) => obj.spec?.timeZone ?? "<none>" },
    {
      name: "Suspend",
      type: "boolean",
      cell: ({ spec }) => spec?.suspend === undefined ? "<unset>" : spec.suspend ? "True" : "False",
    },
    { name: "Active", type: "integer", cell: (obj) => obj.status?.active?.length ?? 0 },
    {
      name: "Last Schedule",
      type: "string",
      cell: ({ status }, now) =>
        status?.lastScheduleTime ? ageSince(status.lastScheduleTime, now) : "<none>",
    },
    ageColumn(),
    ...containerColumns<CronJob>((obj) => obj.spec?.jobTemplate?.spec?.template),
    {
      name: "Selector",
      type: "string",
      priority: 1,
      cell: (obj) => formatLabelSelector(obj.spec?.jobTemplate?.spec?.selector),
    },
  ],
  strategy: {
    defaults: defaultCronJob,
    generationOf: (obj) => obj.spec,
    validate: validateCronJob,
    validateCreate: validateCronJobCreate,
    warnings: cronJobWarnings,
  },
});

function defaultCronJob(obj: CronJob): void {
  const spec = obj.spec ??= {} as CronJobSpec;
  spec.concurrencyPolicy ||= "Allow";
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  const template = spec.jobTemplate ??= {};
  template.metadata ??= {};
  const jobSpec = template.spec ??= {} as JobSpec;
  jobSpec.template = defaultPodTemplate(jobSpec.template);
}

function cronJobWarnings(obj: CronJob): readonly string[] {
  return podTemplateWarnings(
    obj.spec?.jobTemplate?.spec?.template,
    "spec.jobTemplate.spec.template",
  );
}
