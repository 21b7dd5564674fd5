import { type FieldError, forbidden, invalid, required } from "../../../meta/field_error.ts";
import { validateResourceFieldReference } from "./environment_validation.ts";
import { validateFieldReference } from "./field_reference_validation.ts";
import { validateVolumeFilePath } from "./path_validation.ts";
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from "./types.gen.ts";

const volumeFields = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];
const MAX_MODE = 0o777;
const MIN_TOKEN_SECONDS = 10 * 60;
const MAX_TOKEN_SECONDS = 2 ** 32;

/** File permission bits. */
export function validateMode(mode: number | undefined, path: string): readonly FieldError[] {
  return mode === undefined || (mode >= 0 && mode <= MAX_MODE)
    ? []
    : [invalid(path, mode, "must be a number between 0 and 0777 (octal), both inclusive")];
}

/** Which keys become which files. */
export function validateKeysToPaths(
  items: readonly KeyToPath[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  items?.forEach((item, i) => {
    const at = `${path}[${i}]`;
    if (!item.key) errors.push(required(`${at}.key`));
    if (!item.path) errors.push(required(`${at}.path`));
    else errors.push(...validateVolumeFilePath(item.path, `${at}.path`));
    errors.push(...validateMode(item.mode, `${at}.mode`));
  });
  return errors;
}

/** A file with a field of the pod. `path` is that of the volume: the reference names no index. */
export function validateDownwardFile(
  file: DownwardAPIVolumeFile,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!file.path) errors.push(required(`${path}.path`));
  else errors.push(...validateVolumeFilePath(file.path, `${path}.path`));
  if (file.fieldRef) {
    errors.push(...validateFieldReference(file.fieldRef, volumeFields, `${path}.fieldRef`));
    if (file.resourceFieldRef) {
      const detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
      errors.push(invalid(path, "resource", detail));
    }
  } else if (file.resourceFieldRef) {
    errors.push(
      ...validateResourceFieldReference(file.resourceFieldRef, `${path}.resourceFieldRef`, {
        inVolume: true,
      }),
    );
  } else errors.push(required(path, "one of fieldRef and resourceFieldRef is required"));
  errors.push(...validateMode(file.mode, `${path}.mode`));
  return errors;
}

/** A volume of files from several sources, none of which may write what another does. */
export function validateProjected(
  projected: ProjectedVolumeSource,
  path: string,
): readonly FieldError[] {
  const errors = [...validateMode(projected.defaultMode, `${path}.defaultMode`)];
  const paths = new Set<string>();
  /** `shown` is what the message names. */
  const claim = (file: string | undefined, shown: string) => {
    if (!file) return;
    if (paths.has(file)) errors.push(invalid(path, shown, "conflicting duplicate paths"));
    paths.add(file);
  };
  projected.sources?.forEach((source, i) => {
    const at = `${path}.sources[${i}]`;
    errors.push(...validateProjection(source, at, path, claim));
    if (Object.values(source).filter((kind) => kind !== undefined).length > 1) {
      errors.push(forbidden(at, "may not specify more than 1 volume type per source"));
    }
  });
  return errors;
}

function validateProjection(
  source: VolumeProjection,
  at: string,
  path: string,
  claim: (file: string | undefined, shown: string) => void,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const kind of ["secret", "configMap"] as const) {
    const projection = source[kind];
    if (!projection) continue;
    if (!projection.name) errors.push(required(`${at}.${kind}.name`));
    errors.push(...validateKeysToPaths(projection.items, `${at}.${kind}.items`));
    for (const item of projection.items ?? []) claim(item.path, projection.name ?? "");
  }
  for (const file of source.downwardAPI?.items ?? []) {
    errors.push(...validateDownwardFile(file, `${at}.downwardAPI`));
    claim(file.path, file.path);
  }
  if (source.serviceAccountToken) {
    errors.push(...validateToken(source.serviceAccountToken, `${at}.serviceAccountToken`, path));
    claim(source.serviceAccountToken.path, source.serviceAccountToken.path);
  }
  if (source.clusterTrustBundle) {
    const { name, signerName, path: file } = source.clusterTrustBundle;
    const bundle = `${at}.clusterTrustBundle`;
    if (name !== undefined && signerName !== undefined) {
      errors.push(invalid(bundle, null, "only one of name and signerName may be used"));
    } else if (name === undefined && signerName === undefined) {
      errors.push(required(bundle, "either name or signerName must be specified"));
    }
    if (!file) errors.push(required(`${bundle}.path`));
    else errors.push(...validateVolumeFilePath(file, `${bundle}.path`));
    claim(file, file);
  }
  return errors;
}

function validateToken(
  token: ServiceAccountTokenProjection,
  at: string,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seconds = token.expirationSeconds ?? 0;
  if (seconds < MIN_TOKEN_SECONDS) {
    const detail = "may not specify a duration less than 10 minutes";
    errors.push(invalid(`${at}.expirationSeconds`, seconds, detail));
  }
  if (seconds > MAX_TOKEN_SECONDS) {
    const detail = "may not specify a duration larger than 2^32 seconds";
    errors.push(invalid(`${at}.expirationSeconds`, seconds, detail));
  }
  if (!token.path) errors.push(required(`${path}.path`));
  else errors.push(...validateVolumeFilePath(token.path, `${path}.path`));
  return errors;
}
