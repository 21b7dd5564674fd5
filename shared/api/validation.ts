import { type FieldError, invalid, notSupported, required } from "../meta/field_error.ts";

/** Numbers that may be absent but not negative. */
export function nonNegative(value: number | undefined | null, path: string): readonly FieldError[] {
  return (value ?? 0) < 0 ? [invalid(path, value, "must be greater than or equal to 0")] : [];
}

/** One of `allowed` (which are listed in that order); `undefined` and "" are not supported values either. */
export function oneOf(
  value: string | undefined | null,
  path: string,
  allowed: readonly string[],
): readonly FieldError[] {
  return allowed.includes(value ?? "") ? [] : [notSupported(path, value ?? "", allowed)];
}

/** One of `allowed` where absence is allowed and "" is not. */
export function optionalOneOf(
  value: string | undefined | null,
  path: string,
  allowed: readonly string[],
): readonly FieldError[] {
  return value === undefined || value === null ? [] : oneOf(value, path, allowed);
}

/** What a rule for values, such as a name rule, says about one, as errors at `path`. */
export function check(
  value: string,
  path: string,
  rule: (value: string) => readonly string[],
): readonly FieldError[] {
  return rule(value).map((message) => invalid(path, value, message));
}

/** As `check`, where the value is required. */
export function checkRequired(
  value: string | undefined | null,
  path: string,
  rule: (value: string) => readonly string[],
): readonly FieldError[] {
  return value ? check(value, path, rule) : [required(path)];
}

/** `value` must still be what it was. `same` says so. */
export function immutable(same: boolean, value: unknown, path: string): readonly FieldError[] {
  return same ? [] : [invalid(path, value, "field is immutable")];
}
