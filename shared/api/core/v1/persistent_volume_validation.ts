import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { isDns1123Subdomain } from "../../../meta/names.ts";
import { asNumber, parseQuantity, quantitySign } from "../../../resource/quantity.ts";
import { schemaOfType } from "../../../schema/schema.ts";
import { internalText } from "../../internal_value.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { unifiedDiff } from "../../unified_diff.ts";
import { check, immutable, oneOf, optionalOneOf } from "../../validation.ts";
import { validateAccessModes } from "./persistent_volume_claim_validation.ts";
import { persistentVolumeSourceRules } from "./persistent_volume_source_validation.ts";
import { validateNodeSelector } from "./scheduling_validation.ts";
import type { PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from "./types.gen.ts";

const SOURCE = "k8s.io.api.core.v1.PersistentVolumeSource";

export function validatePersistentVolume(obj: PersistentVolume): readonly FieldError[] {
  const spec = obj.spec ?? {};
  const path = "spec";
  const errors: FieldError[] = [];
  if (!spec.accessModes?.length) errors.push(required(`${path}.accessModes`));
  errors.push(...validateAccessModes(spec.accessModes, `${path}.accessModes`));
  errors.push(...validateCapacity(spec.capacity, `${path}.capacity`));
  const policy = spec.persistentVolumeReclaimPolicy;
  const at = `${path}.persistentVolumeReclaimPolicy`;
  if (policy) errors.push(...oneOf(policy, at, ["Delete", "Recycle", "Retain"]));
  const affinity = validateAffinity(spec.nodeAffinity, `${path}.nodeAffinity`);
  errors.push(...affinity);
  errors.push(...validateSource(spec, path));
  if (spec.hostPath && isRoot(spec.hostPath.path) && policy === "Recycle") {
    errors.push(forbidden(at, "may not be 'recycle' for a hostPath mount of '/'"));
  }
  if (spec.local && !spec.nodeAffinity?.required) {
    errors.push(required(`${path}.nodeAffinity`, "Local volume requires node affinity"));
  }
  if (spec.storageClassName) {
    errors.push(...check(spec.storageClassName, `${path}.storageClassName`, isDns1123Subdomain));
  }
  errors.push(...optionalOneOf(spec.volumeMode, `${path}.volumeMode`, ["Block", "Filesystem"]));
  errors.push(...validateAttributesClass(spec, path));
  return errors;
}

/** The storage behind a volume stays; how it is used may change. */
export function validatePersistentVolumeUpdate(
  obj: PersistentVolume,
  old: PersistentVolume,
): readonly FieldError[] {
  const spec = obj.spec ?? {};
  const oldSpec = old.spec ?? {};
  const errors: FieldError[] = [];
  const comparable = withExpandSecret(spec, oldSpec);
  if (!semanticEqual(schemaOfType(SOURCE), comparable, oldSpec)) {
    const diff = unifiedDiff(internalText(SOURCE, oldSpec), internalText(SOURCE, comparable));
    const detail = `spec.persistentvolumesource is immutable after creation\n${diff}`;
    errors.push(forbidden("spec.persistentvolumesource", detail));
  }
  errors.push(
    ...immutable(spec.volumeMode === oldSpec.volumeMode, spec.volumeMode ?? null, "volumeMode"),
  );
  if (oldSpec.nodeAffinity !== undefined) {
    const same = JSON.stringify(spec.nodeAffinity) === JSON.stringify(oldSpec.nodeAffinity);
    errors.push(...immutable(same, spec.nodeAffinity ?? null, "nodeAffinity"));
  }
  return errors;
}

function validateCapacity(
  capacity: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const entries = Object.entries(capacity ?? {});
  if (entries.length === 0) errors.push(required(path));
  if (capacity?.storage === undefined || entries.length > 1) {
    errors.push(notSupported(path, capacity ?? null, ["storage"]));
  }
  for (const [name, value] of entries) {
    const quantity = parseQuantity(value);
    const at = `${path}[${name}]`;
    if (quantitySign(quantity) < 0) {
      errors.push(invalid(at, asNumber(quantity), "must be a valid resource quantity"));
    }
    if (quantitySign(quantity) <= 0) errors.push(invalid(at, value, "must be greater than zero"));
  }
  return errors;
}

function validateAffinity(
  affinity: VolumeNodeAffinity | undefined,
  path: string,
): readonly FieldError[] {
  if (!affinity) return [];
  return affinity.required
    ? validateNodeSelector(affinity.required, `${path}.required`)
    : [required(`${path}.required`, "must specify required node constraints")];
}

function validateSource(spec: PersistentVolumeSpec, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  for (const [field, validate] of persistentVolumeSourceRules) {
    const source = spec[field];
    if (source === undefined) continue;
    const at = `${path}.${field}`;
    if (count++ > 0) errors.push(forbidden(at, "may not specify more than 1 volume type"));
    else errors.push(...validate(source as never, at));
  }
  if (count === 0) errors.push(required(path, "must specify a volume type"));
  return errors;
}

function validateAttributesClass(
  spec: PersistentVolumeSpec,
  path: string,
): readonly FieldError[] {
  const name = spec.volumeAttributesClassName;
  if (name === undefined) return [];
  const at = `${path}.volumeAttributesClassName`;
  const errors = name === ""
    ? [required(at, "an empty string is disallowed")]
    : [...check(name, at, isDns1123Subdomain)];
  if (!spec.csi) {
    const detail = "has to be specified when using volumeAttributesClassName";
    errors.push(required(`${path}.csi`, detail));
  }
  return errors;
}

function isRoot(path: string): boolean {
  return path.startsWith("/") && path.split("/").every((part) => part === "" || part === ".");
}

/** The secret for growing a volume may be added later. */
function withExpandSecret(
  spec: PersistentVolumeSpec,
  old: PersistentVolumeSpec,
): PersistentVolumeSpec {
  if (!spec.csi || !old.csi || old.csi.controllerExpandSecretRef) return spec;
  const { controllerExpandSecretRef: _, ...csi } = spec.csi;
  return { ...spec, csi };
}
