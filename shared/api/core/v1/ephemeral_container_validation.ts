import { duplicate, type FieldError, forbidden, notFound } from "../../../meta/field_error.ts";
import { type PodContext, validateContainer } from "./container_validation.ts";
import type { EphemeralContainer, PodSpec } from "./types.gen.ts";

/** What an ephemeral container may have: it is for looking, not for serving. */
const allowedFields = new Set([
  "name",
  "image",
  "command",
  "args",
  "workingDir",
  "env",
  "envFrom",
  "volumeMounts",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "imagePullPolicy",
  "securityContext",
  "stdin",
  "stdinOnce",
  "tty",
  "targetContainerName",
]);

/** The ephemeral containers of a pod. */
export function validateEphemeralContainers(
  spec: PodSpec,
  context: PodContext,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const others = new Set(
    [...spec.containers ?? [], ...spec.initContainers ?? []].map(({ name }) => name),
  );
  const names = new Set(others);
  spec.ephemeralContainers?.forEach((container, i) => {
    const at = `${path}[${i}]`;
    errors.push(...validateContainer(container, context, at));
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) {
      errors.push(notFound(`${at}.targetContainerName`, target));
    }
    errors.push(...validateFields(container, at));
  });
  return errors;
}

function validateFields(container: EphemeralContainer, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [field, value] of Object.entries(container)) {
    if (allowedFields.has(field) || isEmpty(value)) continue;
    errors.push(forbidden(`${path}.${field}`, "cannot be set for an Ephemeral Container"));
  }
  container.volumeMounts?.forEach(({ subPath, subPathExpr }, i) => {
    const detail = "cannot be set for an Ephemeral Container";
    if (subPath) errors.push(forbidden(`${path}.volumeMounts[${i}].subPath`, detail));
    if (subPathExpr) errors.push(forbidden(`${path}.volumeMounts[${i}].subPathExpr`, detail));
  });
  return errors;
}

function isEmpty(value: unknown): boolean {
  return value === undefined ||
    (typeof value === "object" && Object.keys(value ?? {}).length === 0);
}
