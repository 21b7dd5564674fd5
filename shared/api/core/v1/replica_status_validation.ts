import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { nonNegative } from "../../validation.ts";

/** Counts of which some are a part of `replicas`. */
export interface ReplicaCounts {
  readonly replicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly availableReplicas?: number | undefined;
}

/** The counts that ReplicationControllers and ReplicaSets report. */
export interface ReplicaStatus extends ReplicaCounts {
  readonly fullyLabeledReplicas?: number | undefined;
  readonly observedGeneration?: number | undefined;
}

/** No count is negative, and none is larger than what it is a part of. */
export function validateReplicaStatus(status: ReplicaStatus): readonly FieldError[] {
  const counts = [
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "observedGeneration",
  ] as const;
  const parts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const;
  return validateReplicaCounts(status, counts, parts);
}

/** None of `counts` is negative, none of `parts` larger than `replicas`, and what is available is ready. */
export function validateReplicaCounts<Field extends string>(
  status: ReplicaCounts & { readonly [field in Field]?: number | undefined },
  counts: readonly Field[],
  parts: readonly Field[],
): readonly FieldError[] {
  const errors = counts.flatMap((field) => [...nonNegative(status[field], `status.${field}`)]);
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  for (const field of parts) {
    const count = status[field] ?? 0;
    if (count > replicas) {
      errors.push(invalid(`status.${field}`, count, "cannot be greater than status.replicas"));
    }
  }
  if (availableReplicas > readyReplicas) {
    const detail = "cannot be greater than readyReplicas";
    errors.push(invalid("status.availableReplicas", availableReplicas, detail));
  }
  return errors;
}
