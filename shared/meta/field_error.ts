/** Why a field was rejected: the reasons of `metav1.StatusCause` that field validation gives. */
export type FieldReason =
  | "FieldValueRequired"
  | "FieldValueInvalid"
  | "FieldValueForbidden"
  | "FieldValueNotFound"
  | "FieldValueDuplicate"
  | "FieldValueNotSupported"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueTypeInvalid"
  | "InternalError";

/** One rejected field. `message` is the whole text of the cause, e.g. `Invalid value: "x": must be …`. */
export interface FieldError {
  /** Path as the API writes it: `spec.containers[0].name`, `metadata.labels`, `spec.x[key]`. */
  readonly path: string;
  readonly reason: FieldReason;
  readonly message: string;
}

/** `Required value` with an optional explanation. */
export function required(path: string, detail = ""): FieldError {
  return { path, reason: "FieldValueRequired", message: join("Required value", detail) };
}

/** `Invalid value: <value>: <detail>`. */
export function invalid(path: string, value: unknown, detail: string): FieldError {
  return {
    path,
    reason: "FieldValueInvalid",
    message: join(`Invalid value: ${show(value)}`, detail),
  };
}

/** `Forbidden: <detail>`. */
export function forbidden(path: string, detail: string): FieldError {
  return { path, reason: "FieldValueForbidden", message: join("Forbidden", detail) };
}

/** `Duplicate value: <value>`. */
export function duplicate(path: string, value: unknown): FieldError {
  return { path, reason: "FieldValueDuplicate", message: `Duplicate value: ${show(value)}` };
}

/** `Not found: <value>`. */
export function notFound(path: string, value: unknown): FieldError {
  return { path, reason: "FieldValueNotFound", message: `Not found: ${show(value)}` };
}

/** `Unsupported value: <value>: supported values: "A", "B"`. */
export function notSupported(path: string, value: unknown, allowed: readonly string[]): FieldError {
  const detail = allowed.length === 0
    ? ""
    : `supported values: ${allowed.map((v) => JSON.stringify(v)).join(", ")}`;
  return {
    path,
    reason: "FieldValueNotSupported",
    message: join(`Unsupported value: ${show(value)}`, detail),
  };
}

/** `Too long: may not be more than <max> bytes`. */
export function tooLong(path: string, max: number): FieldError {
  return {
    path,
    reason: "FieldValueTooLong",
    message: `Too long: may not be more than ${max} bytes`,
  };
}

/** `Too many: <actual>: must have at most <max> items`. */
export function tooMany(path: string, actual: number, max: number): FieldError {
  return {
    path,
    reason: "FieldValueTooMany",
    message: `Too many: ${actual}: must have at most ${max} items`,
  };
}

/** `Internal error: <detail>`. */
export function internal(path: string, detail: string): FieldError {
  return { path, reason: "InternalError", message: `Internal error: ${detail}` };
}

function join(head: string, detail: string): string {
  return detail === "" ? head : `${head}: ${detail}`;
}

/** A value as Go's `%#v`-like field errors show it: strings quoted, objects as JSON. */
function show(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "object") return escapeHtml(JSON.stringify(value));
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Go's encoding/json escapes what could end a script element. */
function escapeHtml(text: string): string {
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
