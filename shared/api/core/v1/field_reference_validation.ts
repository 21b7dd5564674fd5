import { type FieldError, invalid, notSupported, required } from "../../../meta/field_error.ts";
import { isQualifiedName } from "../../../meta/names.ts";
import { check } from "../../validation.ts";
import type { ObjectFieldSelector } from "./types.gen.ts";

/** Fields of a pod that the downward API knows at all; where they may be used is a question of its own. */
const knownFields = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.serviceAccountName",
  "spec.schedulerName",
  "status.phase",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
]);

/** A reference to a field of the pod itself, e.g. `metadata.labels['app']`. `allowed` is sorted. */
export function validateFieldReference(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  allowed: readonly string[],
  path: string,
): readonly FieldError[] {
  if (!apiVersion) return [required(`${path}.apiVersion`)];
  if (!fieldPath) return [required(`${path}.fieldPath`)];
  const [, name, subscript] = /^(.*)\['(.*)'\]$/.exec(fieldPath) ?? [];
  const problem = problemWith(apiVersion, fieldPath, name);
  if (problem) {
    return [invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`)];
  }
  if (name === "metadata.labels") return check(subscript!, path, isQualifiedName);
  if (name === "metadata.annotations") {
    return check(subscript!.toLowerCase(), path, isQualifiedName);
  }
  const field = fieldPath === "spec.host" ? "spec.nodeName" : fieldPath;
  return allowed.includes(field) ? [] : [notSupported(`${path}.fieldPath`, field, allowed)];
}

function problemWith(
  apiVersion: string,
  fieldPath: string,
  subscripted: string | undefined,
): string | undefined {
  if (apiVersion !== "v1") return `unsupported pod version: ${apiVersion}`;
  if (subscripted !== undefined) {
    return subscripted === "metadata.labels" || subscripted === "metadata.annotations"
      ? undefined
      : `field label does not support subscript: ${fieldPath}`;
  }
  return knownFields.has(fieldPath) || fieldPath === "spec.host"
    ? undefined
    : `field label not supported: ${fieldPath}`;
}
