import { type FieldError, invalid, notSupported, required } from "../../../meta/field_error.ts";
import { nonNegative, oneOf } from "../../validation.ts";
import { cronScheduleProblem } from "./cron_schedule.ts";
import { validateJobSpec } from "./job_validation.ts";
import type { CronJob, CronJobSpec, JobSpec, JobTemplateSpec } from "./types.gen.ts";

/** A label has 63 characters, of which the names of the jobs need 11 for the time. */
const MAX_NAME = 52;

export function validateCronJob(obj: CronJob): readonly FieldError[] {
  const spec = obj.spec ?? {} as CronJobSpec;
  return [
    ...validateSchedule(spec.schedule),
    ...nonNegative(spec.startingDeadlineSeconds, "spec.startingDeadlineSeconds"),
    ...validateTimeZone(spec.timeZone),
    ...validateConcurrency(spec.concurrencyPolicy),
    ...validateTemplate(spec.jobTemplate ?? {}, "spec.jobTemplate"),
    ...nonNegative(spec.successfulJobsHistoryLimit, "spec.successfulJobsHistoryLimit"),
    ...nonNegative(spec.failedJobsHistoryLimit, "spec.failedJobsHistoryLimit"),
  ];
}

/** A new CronJob needs a name that leaves room for those of its jobs. */
export function validateCronJobCreate({ metadata }: CronJob): readonly FieldError[] {
  const { name = "" } = metadata;
  return name.length > MAX_NAME
    ? [invalid("metadata.name", name, `must be no more than ${MAX_NAME} characters`)]
    : [];
}

function validateSchedule(schedule: string | undefined): readonly FieldError[] {
  const path = "spec.schedule";
  if (!schedule) return [required(path)];
  const problem = cronScheduleProblem(schedule);
  if (schedule.includes("TZ")) {
    const detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
    return [invalid(path, schedule, detail)];
  }
  return problem === undefined ? [] : [invalid(path, schedule, problem)];
}

function validateTimeZone(zone: string | undefined): readonly FieldError[] {
  const path = "spec.timeZone";
  if (zone === undefined) return [];
  if (zone === "") return [invalid(path, zone, "timeZone must be nil or non-empty string")];
  if (zone.toLowerCase() === "local") {
    const detail =
      "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    return [invalid(path, zone, detail)];
  }
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return [];
  } catch {
    return [invalid(path, zone, `unknown time zone ${zone}`)];
  }
}

function validateConcurrency(policy: string | undefined): readonly FieldError[] {
  const path = "spec.concurrencyPolicy";
  return policy ? oneOf(policy, path, ["Allow", "Forbid", "Replace"]) : [required(path)];
}

function validateTemplate(template: JobTemplateSpec, path: string): readonly FieldError[] {
  const spec = template.spec ?? {} as JobSpec;
  const errors = [...validateJobSpec(spec, `${path}.spec`)];
  if (spec.manualSelector) {
    errors.push(notSupported(`${path}.spec.manualSelector`, true, ["nil", "false"]));
  }
  return errors;
}
