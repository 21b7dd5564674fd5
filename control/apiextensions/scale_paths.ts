import type { CustomResourceSubresourceScale } from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { type FieldError, invalid } from "../../shared/meta/field_error.ts";
import { goText } from "../../shared/patch/go_text.ts";
import { isObject } from "../../shared/schema/json_object.ts";

const maxReplicas = 2 ** 31 - 1;

/** The replicas that a client wants. */
export function validateScaleSpec(
  { specReplicasPath }: CustomResourceSubresourceScale,
  object: KubeObject,
): FieldError[] {
  return validateReplicas(specReplicasPath, object);
}

/** The replicas that there are, and by which labels they are found. */
export function validateScaleStatus(
  { statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale,
  object: KubeObject,
): FieldError[] {
  const errors = validateReplicas(statusReplicasPath, object);
  if (labelSelectorPath === undefined) return errors;
  const found = nestedValue(object, labelSelectorPath, "string");
  if (found.problem !== undefined) errors.push(invalid(labelSelectorPath, "", found.problem));
  return errors;
}

function validateReplicas(path: string, object: KubeObject): FieldError[] {
  const found = nestedValue(object, path, "int64");
  if (found.problem !== undefined) return [invalid(path, 0, found.problem)];
  const replicas = (found.value ?? 0) as number;
  if (replicas < 0) return [invalid(path, replicas, "should be a non-negative integer")];
  if (replicas <= maxReplicas) return [];
  return [invalid(path, replicas, `should be less than or equal to ${maxReplicas}`)];
}

/** What a simple path leads to, if it is of the Go type `wanted`; `problem` is the reference's text if it is not. */
export function nestedValue(
  object: unknown,
  path: string,
  wanted: "int64" | "string",
): { readonly value?: unknown; readonly problem?: string } {
  const names = path.replace(/^\./, "").split(".");
  let value: unknown = object;
  for (const [i, name] of names.entries()) {
    if (!isObject(value)) {
      if (value === null || value === undefined) return {};
      const at = `.${names.slice(0, i + 1).join(".")}`;
      const type = "map[string]interface{}";
      return { problem: `${at} accessor error: ${mismatch(value, type)}` };
    }
    if (!Object.hasOwn(value, name)) return {};
    value = value[name];
  }
  if (goTypeOf(value) === wanted) return { value };
  return { problem: `.${names.join(".")} accessor error: ${mismatch(value, wanted)}` };
}

function mismatch(value: unknown, wanted: string): string {
  return `${goText(value)} is of the type ${goTypeOf(value)}, expected ${wanted}`;
}

function goTypeOf(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? "int64" : "float64";
    case "boolean":
      return "bool";
    case "string":
      return "string";
    default:
      return "map[string]interface {}";
  }
}
