import { apiVersionOf, type KindDefinition, type KubeObject } from "../../../shared/api/kind.ts";
import { normalizeObject } from "../../../shared/schema/decode.ts";
import { fromStored, toStored } from "../../registry/versions.ts";

/**
 * A copy of an object of `from` as an object of `to`, in the form in which it is read from the API. What is of neither
 * kind (the body of a subresource) is copied as it is.
 */
export function versionedObject(
  object: KubeObject | undefined,
  from: KindDefinition,
  to: KindDefinition,
): KubeObject | undefined {
  if (!object) return undefined;
  const copy = structuredClone(object);
  if (!isOf(from, object)) return copy;
  if (from === to) return normalizeObject(from.schema, copy);
  return normalizeObject(to.schema, fromStored(to, toStored(from, copy)));
}

/** Makes `target`, an object of `to`, what `changed`, the same object in `from`, has become. */
export function takeOver(
  target: KubeObject,
  changed: KubeObject,
  { from, to }: { readonly from: KindDefinition; readonly to: KindDefinition },
): void {
  const next = from === to || !isOf(from, changed)
    ? changed
    : fromStored(to, toStored(from, changed));
  const fields = target as unknown as Record<string, unknown>;
  for (const field of Object.keys(fields)) delete fields[field];
  Object.assign(fields, next);
}

/** Whether an object says that it is of that kind. */
export function isOf(kind: KindDefinition, object: KubeObject): boolean {
  return object.kind === kind.kind && object.apiVersion === apiVersionOf(kind);
}
