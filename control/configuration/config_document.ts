import { parse } from "yaml";
import { ConfigError } from "../../shared/config/settings.ts";
import type { FieldError } from "../../shared/meta/field_error.ts";
import { DurationError, parseDuration } from "../../shared/resource/duration.ts";

/**
 * What a value of a configuration document may be. `secret` is text that no message quotes; `duration` is Go's
 * (`30s`, `1m30s`), given as milliseconds.
 */
export type Shape =
  | "string"
  | "secret"
  | "boolean"
  | "integer"
  | "duration"
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> };

/** A document as it was read, with its place for messages. */
export interface DocumentText {
  readonly path: string;
  readonly text: string;
}

export interface DocumentKind {
  readonly kind: string;
  /** The versions that are read; all of them have the same fields. */
  readonly apiVersions: readonly string[];
  readonly fields: Readonly<Record<string, Shape>>;
}

/**
 * Reads a YAML or JSON document that names its kind, as the reference's component configuration is read: strictly, so
 * that a misspelt field is found and not ignored. Throws ConfigError that names the file and every fault.
 */
export function readDocument<T>({ path, text }: DocumentText, want: DocumentKind): T {
  let value: unknown;
  try {
    value = parse(text, { uniqueKeys: true });
  } catch (error) {
    throw new ConfigError(`Cannot read ${path}: ${(error as Error).message.split("\n")[0]}`);
  }
  if (!isMap(value)) throw new ConfigError(`Cannot use ${path}: it must be a ${want.kind}`);
  const { apiVersion, kind, metadata: _metadata, ...rest } = value;
  if (kind !== want.kind || !want.apiVersions.includes(String(apiVersion))) {
    throw new ConfigError(
      `Cannot use ${path}: it must be a ${want.kind} of ${want.apiVersions.join(" or ")}`,
    );
  }
  const faults: string[] = [];
  const out = shaped({ fields: want.fields }, rest, { path: "", faults });
  if (faults.length > 0) throw new ConfigError(`Cannot use ${path}: ${faults.join("; ")}`);
  return out as T;
}

/** Throws ConfigError for what is wrong with the values of a document, if there is anything. */
export function checkFields({ path }: DocumentText, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const texts = errors.map((error) => `${error.path}: ${error.message}`);
  throw new ConfigError(`Cannot use ${path}: ${texts.join("; ")}`);
}

interface Place {
  readonly path: string;
  readonly faults: string[];
}

function shaped(shape: Shape, value: unknown, place: Place): unknown {
  if (typeof shape === "string") return scalar(shape, value, place);
  const { path, faults } = place;
  if ("list" in shape) {
    if (!Array.isArray(value)) return fault(place, "must be a list");
    return value.map((item, index) =>
      shaped(shape.list, item, { path: `${path}[${index}]`, faults })
    );
  }
  if (!isMap(value)) return fault(place, "must be a map");
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries.flatMap(([key, item]) => {
    const inner = "map" in shape ? shape.map : shape.fields[key];
    const at = { path: path === "" ? key : `${path}.${key}`, faults };
    if (inner !== undefined) return [[key, shaped(inner, item, at)]];
    faults.push(`unknown field "${at.path}"`);
    return [];
  }));
}

function scalar(shape: string, value: unknown, place: Place): unknown {
  switch (shape) {
    case "string":
    case "secret":
      return typeof value === "string" ? value : fault(place, "must be a string");
    case "boolean":
      return typeof value === "boolean" ? value : fault(place, "must be true or false");
    case "integer":
      return Number.isSafeInteger(value) ? value : fault(place, "must be a whole number");
    default:
      return milliseconds(value) ?? fault(place, "must be a duration such as 30s");
  }
}

function milliseconds(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return Number(parseDuration(value)) / 1e6;
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}

function fault({ path, faults }: Place, what: string): undefined {
  faults.push(`${path} ${what}`);
  return undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
