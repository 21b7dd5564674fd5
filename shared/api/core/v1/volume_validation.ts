import { duplicate, type FieldError, forbidden, required } from "../../../meta/field_error.ts";
import { isDns1123Label } from "../../../meta/names.ts";
import { parseQuantity, quantitySign } from "../../../resource/quantity.ts";
import { checkRequired, oneOf } from "../../validation.ts";
import { validateClaimTemplate } from "./persistent_volume_claim_validation.ts";
import { volumeSourceRules } from "./volume_source_validation.ts";
import type { Volumes } from "./volume_mount_validation.ts";
import {
  validateDownwardFile,
  validateKeysToPaths,
  validateMode,
  validateProjected,
} from "./volume_file_validation.ts";
import type { Volume } from "./types.gen.ts";

type Rule<K extends keyof Volume> = (
  source: NonNullable<Volume[K]>,
  path: string,
) => readonly FieldError[];

/** In the order in which the reference looks at them: later ones are too many. */
const rules: readonly (readonly [keyof Volume, Rule<never>])[] = [
  rule("emptyDir", ({ sizeLimit }, path) => {
    const isNegative = sizeLimit !== undefined && quantitySign(parseQuantity(sizeLimit)) < 0;
    const detail = "SizeLimit field must be a valid resource quantity";
    return isNegative ? [forbidden(`${path}.sizeLimit`, detail)] : [];
  }),
  ...volumeSourceRules.first,
  rule("secret", ({ secretName, defaultMode, items }, path) => [
    ...missing(secretName, `${path}.secretName`),
    ...validateMode(defaultMode, `${path}.defaultMode`),
    ...validateKeysToPaths(items, `${path}.items`),
  ]),
  ...volumeSourceRules.second,
  rule("persistentVolumeClaim", ({ claimName }, path) => missing(claimName, `${path}.claimName`)),
  ...volumeSourceRules.third,
  rule("downwardAPI", ({ defaultMode, items }, path) => [
    ...validateMode(defaultMode, `${path}.defaultMode`),
    ...(items ?? []).flatMap((file) => [...validateDownwardFile(file, path)]),
  ]),
  ...volumeSourceRules.fourth,
  rule("configMap", ({ name, defaultMode, items }, path) => [
    ...missing(name, `${path}.name`),
    ...validateMode(defaultMode, `${path}.defaultMode`),
    ...validateKeysToPaths(items, `${path}.items`),
  ]),
  ...volumeSourceRules.fifth,
  rule("projected", validateProjected),
  ...volumeSourceRules.last,
  rule(
    "ephemeral",
    ({ volumeClaimTemplate }, path) =>
      volumeClaimTemplate
        ? validateClaimTemplate(volumeClaimTemplate, `${path}.volumeClaimTemplate`)
        : [required(`${path}.volumeClaimTemplate`)],
  ),
  rule("image", ({ reference, pullPolicy }, path) => [
    ...missing(reference, `${path}.reference`),
    ...oneOf(pullPolicy, `${path}.pullPolicy`, ["Always", "IfNotPresent", "Never"]),
  ]),
];

/** The volumes of a pod. `valid` are those that containers may mount: the ones without errors. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  path: string,
): { readonly errors: readonly FieldError[]; readonly valid: Volumes } {
  const errors: FieldError[] = [];
  const valid = new Map<string, Volume>();
  volumes?.forEach((volume, i) => {
    const at = `${path}[${i}]`;
    const found = [
      ...validateSource(volume, at),
      ...checkRequired(volume.name, `${at}.name`, isDns1123Label),
    ];
    if (valid.has(volume.name)) found.push(duplicate(`${at}.name`, volume.name));
    if (found.length === 0) valid.set(volume.name, volume);
    else errors.push(...found);
  });
  return { errors, valid };
}

function validateSource(volume: Volume, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  for (const [field, validate] of rules) {
    const source = volume[field];
    if (source === undefined) continue;
    const at = `${path}.${field}`;
    if (count++ > 0) errors.push(forbidden(at, "may not specify more than 1 volume type"));
    else errors.push(...validate(source as never, at));
  }
  if (count === 0) errors.push(required(path, "must specify a volume type"));
  return errors;
}

function rule<K extends keyof Volume>(
  field: K,
  validate: Rule<K>,
): readonly [keyof Volume, Rule<never>] {
  return [field, validate as Rule<never>];
}

function missing(value: string | undefined, path: string): readonly FieldError[] {
  return value ? [] : [required(path)];
}
