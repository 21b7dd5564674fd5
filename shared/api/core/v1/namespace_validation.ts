import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { isQualifiedName } from "../../../meta/names.ts";
import { check } from "../../validation.ts";
import type { Namespace } from "./types.gen.ts";

const standardFinalizers = ["kubernetes", "orphan", "foregroundDeletion"];

export function validateNamespace(obj: Namespace): readonly FieldError[] {
  return (obj.spec?.finalizers ?? []).flatMap((name) => [
    ...validateFinalizer(name, "spec.finalizers"),
  ]);
}

/** As the `finalize` endpoint checks them. Called by the registry of that subresource. */
export function validateNamespaceFinalize(obj: Namespace): readonly FieldError[] {
  return (obj.spec?.finalizers ?? []).flatMap((name, i) => [
    ...validateFinalizer(name, `spec.finalizers[${i}]`),
  ]);
}

/** The phase follows from whether the namespace is being deleted. */
export function validateNamespaceStatus(obj: Namespace): readonly FieldError[] {
  const phase = obj.status?.phase ?? "";
  const wanted = obj.metadata.deletionTimestamp ? "Terminating" : "Active";
  if (phase === wanted) return [];
  const when = wanted === "Active" ? "is empty" : "is not empty";
  const detail = `may only be '${wanted}' if \`deletionTimestamp\` ${when}`;
  return [invalid("status.Phase", phase, detail)];
}

function validateFinalizer(name: string, path: string): readonly FieldError[] {
  const errors = [...check(name, path, isQualifiedName)];
  if (!name.includes("/") && !standardFinalizers.includes(name)) {
    const detail = "name is neither a standard finalizer name nor is it fully qualified";
    errors.push(invalid(path, name, detail));
  }
  return errors;
}
