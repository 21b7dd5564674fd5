import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { isDns1123Label, isDns1123Subdomain } from "../../../meta/names.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import { validateAnnotations, validateLabels } from "../../../meta/validate_metadata.ts";
import { compareQuantities, parseQuantity, quantitySign } from "../../../resource/quantity.ts";
import { schemaOf, type StructNode } from "../../../schema/schema.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { check, checkRequired, optionalOneOf } from "../../validation.ts";
import { claimSpecDiff } from "./claim_spec_diff.ts";
import { validateResourceValue } from "./resource_validation.ts";
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from "./types.gen.ts";

const specSchema = schemaOf("v1", "PersistentVolumeClaim").fields.get("spec")!.node as StructNode;
const MODE_ALONE = "ReadWriteOncePod";
/** The access modes there are, in the order in which messages list them. */
export const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", MODE_ALONE];

export function validatePersistentVolumeClaim(obj: PersistentVolumeClaim): readonly FieldError[] {
  return validateClaimSpec(obj.spec ?? {}, "spec");
}

/** Only the requested size, and the attributes class, may change once a claim is made. */
export function validatePersistentVolumeClaimUpdate(
  obj: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): readonly FieldError[] {
  const spec = obj.spec ?? {};
  const oldSpec = old.spec ?? {};
  const errors: FieldError[] = [];
  const comparable: PersistentVolumeClaimSpec = { ...spec };
  // A bound claim may grow; one that is not bound yet may be bound.
  if (!oldSpec.volumeName) keep(comparable, oldSpec, "volumeName");
  if (old.status?.phase === "Bound") comparable.resources = withStorageOf(spec, oldSpec);
  keep(comparable, oldSpec, "volumeAttributesClassName");
  if (mayAssignClass(spec, oldSpec)) keep(comparable, oldSpec, "storageClassName");
  if (!semanticEqual(specSchema, comparable, oldSpec)) {
    errors.push(forbidden(
      "spec",
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims" +
        `\n${claimSpecDiff(comparable, oldSpec)}`,
    ));
  }
  errors.push(...validateShrink(obj, old));
  errors.push(...validateAttributesClassChange(spec, oldSpec));
  return errors;
}

export function validatePersistentVolumeClaimStatus(
  obj: PersistentVolumeClaim,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { capacity = {}, conditions } = obj.status ?? {};
  for (const [name, value] of Object.entries(capacity)) {
    errors.push(...validateResourceValue(name, value, `status.capacity[${name}]`));
  }
  if (obj.metadata.resourceVersion === "") errors.push(required("metadata.resourceVersion"));
  conditions?.forEach(({ type }, i) => {
    if (!type) errors.push(required(`status.conditions[${i}].type`));
  });
  return errors;
}

/** A claim inside a pod's volume: it gets a name of its own, so it may not bring one. */
export function validateClaimTemplate(
  template: PersistentVolumeClaimTemplate,
  path: string,
): readonly FieldError[] {
  const { metadata = {}, spec = {} } = template;
  const errors = [
    ...validateAnnotations(metadata.annotations, `${path}.metadata.annotations`),
    ...validateLabels(metadata.labels, `${path}.metadata.labels`),
  ];
  const { annotations: _, labels: __, ...rest } = metadata;
  if (Object.values(rest).some((value) => value !== undefined && value !== null)) {
    const detail = "must not be set, only labels and annotations are allowed";
    errors.push(forbidden(`${path}.metadata`, detail));
  }
  return [...errors, ...validateClaimSpec(spec, `${path}.spec`)];
}

/** The spec of a claim, wherever it stands. */
export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.accessModes?.length) {
    errors.push(required(`${path}.accessModes`, "at least 1 access mode is required"));
  }
  errors.push(...validateLabelSelector(spec.selector, `${path}.selector`));
  errors.push(...validateAccessModes(spec.accessModes, `${path}.accessModes`));
  errors.push(...validateStorageRequest(spec, path));
  if (spec.storageClassName) {
    errors.push(...check(spec.storageClassName, `${path}.storageClassName`, isDns1123Subdomain));
  }
  errors.push(...optionalOneOf(spec.volumeMode, `${path}.volumeMode`, ["Block", "Filesystem"]));
  errors.push(...validateDataSources(spec, path));
  if (spec.volumeAttributesClassName) {
    const at = `${path}.volumeAttributesClassName`;
    errors.push(...check(spec.volumeAttributesClassName, at, isDns1123Subdomain));
  }
  return errors;
}

/** Known access modes, and none beside the one that excludes all others. */
export function validateAccessModes(
  modes: readonly string[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors = (modes ?? []).filter((mode) => !accessModes.includes(mode))
    .map((mode) => notSupported(path, mode, accessModes));
  if (modes?.includes(MODE_ALONE) && modes.length > 1) {
    errors.push(forbidden(path, "may not use ReadWriteOncePod with other access modes"));
  }
  return errors;
}

function validateStorageRequest(
  spec: PersistentVolumeClaimSpec,
  path: string,
): readonly FieldError[] {
  const storage = spec.resources?.requests?.storage;
  const at = `${path}.resources[storage]`;
  if (storage === undefined) return [required(at)];
  return quantitySign(parseQuantity(storage)) > 0
    ? []
    : [invalid(at, storage, "must be greater than zero")];
}

function validateDataSources(
  spec: PersistentVolumeClaimSpec,
  path: string,
): readonly FieldError[] {
  const { dataSource, dataSourceRef } = spec;
  const errors: FieldError[] = [];
  if (dataSource) errors.push(...validateDataSource(dataSource, `${path}.dataSource`));
  if (dataSourceRef) {
    errors.push(...validateDataSource(dataSourceRef, `${path}.dataSourceRef`));
    if (dataSourceRef.namespace) {
      const at = `${path}.dataSourceRef.namespace`;
      errors.push(...check(dataSourceRef.namespace, at, isDns1123Label));
      if (dataSource) {
        const detail = "may not be specified when dataSourceRef.namespace is specified";
        errors.push(invalid(`${path}.dataSource`, dataSource, detail));
      }
    }
  }
  if (dataSource && dataSourceRef && !dataSourceRef.namespace) {
    const same = (dataSource.apiGroup ?? "") === (dataSourceRef.apiGroup ?? "") &&
      dataSource.kind === dataSourceRef.kind && dataSource.name === dataSourceRef.name;
    // The reference shows the path it was at, as a struct without public fields.
    if (!same) errors.push(invalid(path, {}, "must match dataSourceRef"));
  }
  return errors;
}

function validateDataSource(
  source: Omit<TypedObjectReference, "namespace">,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!source.name) errors.push(required(`${path}.name`));
  if (!source.kind) errors.push(required(`${path}.kind`));
  if (!source.apiGroup && source.kind !== "PersistentVolumeClaim") {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(path, source.kind, detail));
  }
  if (source.apiGroup) {
    errors.push(...checkRequired(source.apiGroup, `${path}.apiGroup`, isDns1123Subdomain));
  }
  return errors;
}

function keep<K extends keyof PersistentVolumeClaimSpec>(
  spec: PersistentVolumeClaimSpec,
  old: PersistentVolumeClaimSpec,
  field: K,
): void {
  const value = old[field];
  if (value === undefined) delete spec[field];
  else spec[field] = value;
}

function withStorageOf(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec) {
  const requests: Record<string, string> = { ...spec.resources?.requests };
  const storage = old.resources?.requests?.storage;
  if (storage === undefined) delete requests.storage;
  else requests.storage = storage;
  return { ...spec.resources, requests };
}

/** A claim made before there was a default class may get one later. */
function mayAssignClass(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec): boolean {
  return old.storageClassName === undefined && spec.storageClassName !== undefined &&
    !old.volumeName && !spec.volumeName;
}

/** A claim may shrink back to what it got (KEP-1790), never below. */
function validateShrink(
  obj: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): readonly FieldError[] {
  const size = obj.spec?.resources?.requests?.storage;
  const oldSize = old.spec?.resources?.requests?.storage;
  if (size === undefined || oldSize === undefined) return [];
  if (compareQuantities(parseQuantity(size), parseQuantity(oldSize)) >= 0) return [];
  const capacity = old.status?.capacity?.storage;
  if (
    capacity !== undefined &&
    compareQuantities(parseQuantity(size), parseQuantity(capacity)) > 0
  ) return [];
  const detail = "field can not be less than status.capacity";
  return [forbidden("spec.resources.requests.storage", detail)];
}

function validateAttributesClassChange(
  spec: PersistentVolumeClaimSpec,
  old: PersistentVolumeClaimSpec,
): readonly FieldError[] {
  const before = old.volumeAttributesClassName;
  const after = spec.volumeAttributesClassName;
  return before !== undefined && after === undefined
    ? [forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")]
    : [];
}
