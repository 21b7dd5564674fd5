import { type FieldError, forbidden } from "../../../meta/field_error.ts";
import { schemaOfType } from "../../../schema/schema.ts";
import { internalText } from "../../internal_value.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { unifiedDiff } from "../../unified_diff.ts";
import { validatePodSpec } from "./pod_spec_validation.ts";
import type { Pod, PodSpec } from "./types.gen.ts";

const TYPE = "k8s.io.api.core.v1.EphemeralContainer";

/** The `ephemeralcontainers` endpoint changes nothing else. Called by the registry of that subresource. */
export function prepareEphemeralContainersForUpdate(pod: Pod, old: Pod): void {
  const containers = pod.spec?.ephemeralContainers;
  const { managedFields } = pod.metadata;
  pod.metadata = { ...structuredClone(old.metadata), managedFields };
  pod.spec = structuredClone(old.spec ?? {} as PodSpec);
  pod.status = structuredClone(old.status ?? {});
  if (containers) pod.spec.ephemeralContainers = containers;
  else delete pod.spec.ephemeralContainers;
}

/**
 * A write of the `ephemeralcontainers` endpoint: containers may be added, never changed or removed. Called by the
 * registry of that subresource in place of the pod's own update rules.
 */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  const path = "spec.ephemeralContainers";
  const errors = [...validatePodSpec(pod.spec ?? {} as PodSpec, "spec")];
  const byName = new Map((pod.spec?.ephemeralContainers ?? []).map((c) => [c.name, c]));
  const schema = schemaOfType(TYPE);
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const after = byName.get(before.name);
    const subject = `existing ephemeral containers "${before.name}" may not be`;
    if (!after) errors.push(forbidden(path, `${subject} removed\n`));
    else if (!semanticEqual(schema, after, before)) {
      const diff = unifiedDiff(internalText(TYPE, before), internalText(TYPE, after));
      errors.push(forbidden(path, `${subject} changed\n${diff}`));
    }
  }
  return errors;
}
