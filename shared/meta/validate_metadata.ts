import { type FieldError, forbidden, invalid, required, tooLong } from "./field_error.ts";
import { isDns1123Label, isQualifiedName, nameIsDns1123Subdomain, type NameRule } from "./names.ts";
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from "./types.gen.ts";
import { validateLabels } from "./validate_labels.ts";

export { validateLabels } from "./validate_labels.ts";

/** All annotations of an object together, keys and values, in bytes. */
const MAX_ANNOTATION_BYTES = 256 * 1024;
const MAX_MANAGER_BYTES = 128;
const MAX_SUBRESOURCE_BYTES = 256;

const standardFinalizers: readonly string[] = ["kubernetes", "orphan", "foregroundDeletion"];
const encoder = new TextEncoder();

export interface ObjectMetaOptions {
  readonly namespaced: boolean;
  /** Replaces the rule for names; default: RFC 1123 subdomain. */
  readonly validateName?: NameRule | undefined;
  /** Default: `metadata`. */
  readonly path?: string;
  /** Finalizers must be standard ones or have a domain (all built-in kinds); default: true. */
  readonly qualifiedFinalizers?: boolean;
}

/**
 * The rules for the metadata of an object to be created; on update they hold for the new object as well. Called by
 * the registry for every write, before the kind's own `validate`, and by kinds for objects inside theirs.
 */
export function validateObjectMeta(
  meta: ObjectMeta,
  options: ObjectMetaOptions,
): readonly FieldError[] {
  const { namespaced, validateName = nameIsDns1123Subdomain, path = "metadata" } = options;
  const errors: FieldError[] = [];
  if (meta.generateName) {
    for (const message of validateName(meta.generateName, true)) {
      errors.push(invalid(`${path}.generateName`, meta.generateName, message));
    }
  }
  if (!meta.name) errors.push(required(`${path}.name`, "name or generateName is required"));
  else {
    for (const message of validateName(meta.name, false)) {
      errors.push(invalid(`${path}.name`, meta.name, message));
    }
  }
  validateNamespace(meta.namespace, `${path}.namespace`, namespaced, errors);
  const generation = meta.generation ?? 0;
  if (generation < 0) errors.push(nonNegative(`${path}.generation`, generation));
  validateShared(meta, path, options.qualifiedFinalizers ?? true, errors);
  return errors;
}

/**
 * What may not change between two states of an object. The registry calls it after it has filled in what the server
 * owns (uid and times that the client left out), together with `validateObjectMeta`.
 */
export function validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  path = "metadata",
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp !== undefined) {
    const known = new Set(old.finalizers);
    const added = (meta.finalizers ?? []).filter((finalizer) => !known.has(finalizer));
    if (added.length > 0) errors.push(forbidden(`${path}.finalizers`, newFinalizers(added)));
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(`${path}.generation`, meta.generation ?? 0, "must not be decremented"));
  }
  for (const field of immutable) {
    if (meta[field] !== old[field]) {
      errors.push(invalid(`${path}.${field}`, meta[field] ?? emptyOf(field), "field is immutable"));
    }
  }
  return errors;
}

const immutable = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;

/** Keys are qualified names in any case; all keys and values together have at most 256 KiB. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly FieldError[] {
  if (annotations === undefined) return [];
  const errors: FieldError[] = [];
  let units = 0;
  for (const [key, value] of Object.entries(annotations)) {
    units += key.length + value.length;
    for (const message of isQualifiedName(key.toLowerCase())) {
      errors.push(invalid(path, key, message));
    }
  }
  // A UTF-16 code unit is one to three bytes, so most annotations need no count.
  if (units * 3 > MAX_ANNOTATION_BYTES && sizeOf(annotations) > MAX_ANNOTATION_BYTES) {
    errors.push(tooLong(path, MAX_ANNOTATION_BYTES));
  }
  return errors;
}

/** At most one owner is the controller, and none is an Event. */
export function validateOwnerReferences(
  references: readonly OwnerReference[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  references?.forEach((reference, index) => {
    validateOwnerReference(reference, `${path}[${index}]`, errors);
    if (!reference.controller) return;
    const name = `${reference.kind}/${reference.name}`;
    if (controller === undefined) controller = name;
    else {
      const found = `Found "true" in references for ${controller} and ${name}`;
      const detail = `Only one reference can have Controller set to true. ${found}`;
      errors.push(invalid(path, references, detail));
    }
  });
  return errors;
}

/** Who wrote which fields: only the shape; the contents belong to field ownership. */
export function validateManagedFields(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  entries?.forEach((entry, index) => {
    const at = `${path}[${index}]`;
    const { operation = "", fieldsType = "", manager = "", subresource = "" } = entry;
    if (operation !== "Apply" && operation !== "Update") {
      errors.push(invalid(`${at}.operation`, operation, "must be `Apply` or `Update`"));
    }
    if (fieldsType !== "" && fieldsType !== "FieldsV1") {
      errors.push(invalid(`${at}.fieldsType`, fieldsType, "must be `FieldsV1`"));
    }
    errors.push(...validateFieldManager(manager, `${at}.manager`));
    if (encoder.encode(subresource).length > MAX_SUBRESOURCE_BYTES) {
      errors.push(tooLong(`${at}.subresource`, MAX_SUBRESOURCE_BYTES));
    }
  });
  return errors;
}

/** The name of a field manager, also as a query parameter: printable, at most 128 bytes. */
export function validateFieldManager(manager: string, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (encoder.encode(manager).length > MAX_MANAGER_BYTES) {
    errors.push(tooLong(path, MAX_MANAGER_BYTES));
  }
  let position = 0;
  for (const char of manager) {
    if (!isPrintable(char)) {
      const detail = `invalid character ${describe(char)} (at position ${position})`;
      errors.push(invalid(path, manager, detail));
    }
    position += encoder.encode(char).length;
  }
  return errors;
}

function validateShared(
  meta: ObjectMeta,
  path: string,
  qualifiedFinalizers: boolean,
  errors: FieldError[],
): void {
  if (meta.labels) errors.push(...validateLabels(meta.labels, `${path}.labels`));
  if (meta.annotations) {
    errors.push(...validateAnnotations(meta.annotations, `${path}.annotations`));
  }
  if (meta.ownerReferences) {
    errors.push(...validateOwnerReferences(meta.ownerReferences, `${path}.ownerReferences`));
  }
  if (meta.finalizers) {
    validateFinalizers(meta.finalizers, `${path}.finalizers`, qualifiedFinalizers, errors);
  }
  if (meta.managedFields) {
    errors.push(...validateManagedFields(meta.managedFields, `${path}.managedFields`));
  }
}

function validateNamespace(
  namespace: string | undefined,
  path: string,
  namespaced: boolean,
  errors: FieldError[],
): void {
  if (!namespaced) {
    if (namespace) errors.push(forbidden(path, "not allowed on this type"));
  } else if (!namespace) errors.push(required(path));
  else {
    errors.push(...isDns1123Label(namespace).map((message) => invalid(path, namespace, message)));
  }
}

function validateOwnerReference(
  reference: OwnerReference,
  path: string,
  errors: FieldError[],
): void {
  for (const field of ["apiVersion", "kind", "name", "uid"] as const) {
    if (!reference[field]) errors.push(required(`${path}.${field}`, "must not be empty"));
  }
  if (reference.apiVersion === "v1" && reference.kind === "Event") {
    errors.push(invalid(path, reference, "/v1, Kind=Event is disallowed from being an owner"));
  }
}

function validateFinalizers(
  finalizers: readonly string[],
  path: string,
  qualified: boolean,
  errors: FieldError[],
): void {
  for (const finalizer of finalizers) {
    for (const message of isQualifiedName(finalizer)) {
      errors.push(invalid(path, finalizer, message));
    }
  }
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    const detail = "finalizer orphan and foregroundDeletion cannot be both set";
    errors.push(invalid(path, finalizers, detail));
  }
  if (!qualified) return;
  finalizers.forEach((finalizer, index) => {
    if (finalizer.includes("/") || standardFinalizers.includes(finalizer)) return;
    const detail = "name is neither a standard finalizer name nor is it fully qualified";
    errors.push(invalid(`${path}[${index}]`, finalizer, detail));
  });
}

function nonNegative(path: string, value: number): FieldError {
  return invalid(path, value, "must be greater than or equal to 0");
}

/** The reference prints the list as Go does. */
function newFinalizers(added: readonly string[]): string {
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(", ");
  return "no new finalizers can be added if the object is being deleted, found new finalizers " +
    `[]string{${list}}`;
}

/** How an absent value of a metadata field is shown in an error. */
function emptyOf(field: typeof immutable[number]): string | null {
  return field === "name" || field === "namespace" || field === "uid" ? "" : null;
}

function sizeOf(annotations: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    bytes += encoder.encode(key).length + encoder.encode(value).length;
  }
  return bytes;
}

function isPrintable(char: string): boolean {
  return char === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}

/** As Go's `%#U`: `U+0007`, followed by the character if it can be seen. */
function describe(char: string): string {
  const code = char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return `U+${code}`;
}
