import type { Job } from "./types.gen.ts";

const PREFIX = "batch.kubernetes.io/";
/** The label that ties a pod to its job. */
export const CONTROLLER_UID_LABEL = `${PREFIX}controller-uid`;
/** The label that names the job of a pod. */
export const JOB_NAME_LABEL = `${PREFIX}job-name`;
/** The labels' names before they had a prefix; still set beside the new ones. */
export const LEGACY_CONTROLLER_UID_LABEL = "controller-uid";
export const LEGACY_JOB_NAME_LABEL = "job-name";

/**
 * Gives a new job a selector for its own pods alone, and their template the labels for it, unless the client
 * manages the selector (`manualSelector`). The job must have its name and uid already.
 */
export function generateJobSelector(job: Job): void {
  const { spec, metadata } = job;
  if (!spec || spec.manualSelector) return;
  const uid = metadata.uid ?? "";
  const template = spec.template ??= {};
  const labels = (template.metadata ??= {}).labels ??= {};
  // A label that the client set to something else stays, and validation refuses it.
  labels[LEGACY_JOB_NAME_LABEL] ??= metadata.name ?? "";
  labels[JOB_NAME_LABEL] ??= metadata.name ?? "";
  labels[LEGACY_CONTROLLER_UID_LABEL] ??= uid;
  labels[CONTROLLER_UID_LABEL] ??= uid;
  const selector = spec.selector ??= {};
  (selector.matchLabels ??= {})[CONTROLLER_UID_LABEL] ??= uid;
}
