import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { nonNegative } from "../../validation.ts";

/** The counts that ReplicationControllers and ReplicaSets report. */
export interface ReplicaStatus {
  readonly replicas?: number | undefined;
  readonly fullyLabeledReplicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly availableReplicas?: number | undefined;
  readonly observedGeneration?: number | undefined;
}

/** No count is negative, and none is larger than what it is a part of. */
export function validateReplicaStatus(status: ReplicaStatus): readonly FieldError[] {
  const fields = [
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "observedGeneration",
  ] as const;
  const errors = fields.flatMap((field) => [...nonNegative(status[field], `status.${field}`)]);
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  for (const field of ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const) {
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
