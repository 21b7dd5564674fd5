import { type FieldError, invalid } from "../../../meta/field_error.ts";

/** A path in which no part is `..`. */
export function validateNoBacksteps(value: string, path: string): readonly FieldError[] {
  return value.split("/").includes("..") ? [invalid(path, value, "must not contain '..'")] : [];
}

/** A relative path that stays below where it starts. */
export function validateDescendingPath(value: string, path: string): readonly FieldError[] {
  const errors = [...validateNoBacksteps(value, path)];
  if (value.startsWith("/")) errors.unshift(invalid(path, value, "must be a relative path"));
  return errors;
}

/** A relative path whose names do not collide with the `..data` of atomic volumes. */
export function validateVolumeFilePath(value: string, path: string): readonly FieldError[] {
  const errors = [...validateDescendingPath(value, path)];
  if (value.startsWith("..") && !value.startsWith("../")) {
    errors.push(invalid(path, value, "must not start with '..'"));
  }
  return errors;
}
