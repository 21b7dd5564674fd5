import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { isConditionTrue } from "../../../meta/conditions.ts";
import { nonNegative } from "../../validation.ts";
import type { Job } from "./types.gen.ts";

/** The order of a job's life: it is not both done and failed, and not finished with pods still running. */
export function validateJobStatusUpdate(obj: Job, old: Job): readonly FieldError[] {
  const status = obj.status ?? {};
  const errors: FieldError[] = [];
  for (const field of ["active", "succeeded", "failed", "ready", "terminating"] as const) {
    errors.push(...nonNegative(status[field], `status.${field}`));
  }
  const has = (type: string) => isConditionTrue(status.conditions, type);
  const had = (type: string) => isConditionTrue(old.status?.conditions, type);
  if (has("Complete") && has("Failed")) {
    const detail = "cannot set Complete=True and Failed=true conditions";
    errors.push(invalid("status.conditions", null, detail));
  }
  for (const type of ["Complete", "Failed"]) {
    if (had(type) && !has(type)) {
      const detail = `cannot disable the terminal ${type}=True condition`;
      errors.push(invalid("status.conditions", null, detail));
    }
  }
  return errors;
}
