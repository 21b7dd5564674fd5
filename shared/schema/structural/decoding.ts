import { DecodeError } from "../decode_error.ts";
import { isObject, setKey, sortedKeys } from "../json_object.ts";
import { invalid } from "../../meta/field_error.ts";
import { fieldPath, metaFields } from "./json_schema.ts";
import { type Shape, shapeAt } from "./shape.ts";

type Values = Record<string, unknown>;

/** What is wrong with a value: why it cannot be read, and the paths of what it should not have. */
export interface ResourceFindings {
  readonly error: string | undefined;
  readonly unknownFields: string[];
}

/** How the `metadata` of a resource is decoded, whatever its schema says. */
export interface MetadataDecoder {
  /** Throws DecodeError, whose text `inspect` finds. */
  decode(value: unknown): { readonly object: unknown; readonly hasUnknown: boolean };
  inspect(value: unknown): ResourceFindings;
}

/** What one walk collects; absent: what is not declared is dropped in silence. */
interface Walk {
  readonly metadata: MetadataDecoder;
  sawUnknown: boolean;
  /** Paths of what is dropped, for those who want them. */
  readonly unknown?: string[] | undefined;
}

/**
 * A resource as it is stored: what the schema does not declare is gone, as are nulls that may not be and have no
 * default; its metadata and that of embedded resources is of the standard form; keys are sorted. Wrong types stay:
 * validation refuses those. The value is not changed; free-form parts may be shared with it. Throws DecodeError for
 * metadata that cannot be read.
 */
export function decodeResource(
  shape: Shape,
  value: unknown,
  metadata: MetadataDecoder,
): { readonly object: unknown; readonly sawUnknown: boolean } {
  const walk: Walk = { metadata, sawUnknown: false };
  const object = prune(value, shape, walk, "");
  return { object, sawUnknown: walk.sawUnknown };
}

/**
 * Why `decodeResource` fails, in the reference's words, and the paths of the fields that it drops: those of the
 * resource's own metadata, then those outside of metadata, then those of embedded resources' metadata, each sorted as
 * the reference lists them. Slow; for when something was met.
 */
export function inspectResource(
  shape: Shape,
  value: unknown,
  metadata: MetadataDecoder,
): ResourceFindings {
  const own = isObject(value) ? metadata.inspect(value.metadata) : noFindings;
  if (own.error) return own;
  const embedded: string[] = [];
  let error: string | undefined;
  eachEmbedded(value, shape, "", (path, resource) => {
    const found = inspectEmbedded(resource, path, metadata);
    error ??= found.error;
    embedded.push(...found.unknownFields);
  });
  const walk: Walk = { metadata: keptMetadata, sawUnknown: false, unknown: [] };
  if (!error) prune(value, shape, walk, "");
  const unknownFields = [
    ...own.unknownFields.map((name) => `metadata.${name}`),
    ...walk.unknown!.toSorted(),
    ...embedded.toSorted(),
  ];
  return { error, unknownFields };
}

const noFindings: ResourceFindings = { error: undefined, unknownFields: [] };

function inspectEmbedded(
  resource: Values,
  path: string,
  metadata: MetadataDecoder,
): ResourceFindings {
  const refuse = (field: string, why: string) => {
    const { message } = invalid(field, resource[field], why);
    return { error: `${path}.${field}: ${message}`, unknownFields: [] };
  };
  for (const field of ["apiVersion", "kind"]) {
    const isText = resource[field] === undefined || typeof resource[field] === "string";
    if (!isText) return refuse(field, "must be a string");
  }
  if (resource.metadata === undefined) return noFindings;
  const { error, unknownFields } = metadata.inspect(resource.metadata);
  if (error) return refuse("metadata", error);
  return {
    error: undefined,
    unknownFields: unknownFields.map((name) => `${path}.metadata.${name}`),
  };
}

/** The value without what the shape does not declare, keys sorted; nulls stay. For values without metadata. */
export function pruneValue(shape: Shape, value: unknown): unknown {
  return prune(value, shape, { metadata: keptMetadata, sawUnknown: false }, "", true);
}

const keptMetadata: MetadataDecoder = {
  decode: (value) => ({ object: value, hasUnknown: false }),
  inspect: () => noFindings,
};

function prune(
  value: unknown,
  shape: Shape | undefined,
  walk: Walk,
  path: string,
  keepsNulls = false,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const track = walk.unknown !== undefined;
    return value.map((item, i) => {
      const at = track ? `${path}[${i}]` : "";
      if (shape?.preserves) return keep(item, shape.items, walk, at, keepsNulls);
      return prune(item, shape?.items, walk, at, keepsNulls);
    });
  }
  if (shape?.preserves) return keep(value, shape, walk, path, keepsNulls);
  const out: Values = {};
  const given = value as Values;
  for (const key of sortedKeys(given)) {
    const entry = given[key];
    if (entry === undefined) continue;
    const at = walk.unknown ? fieldPath(path, key) : "";
    if (shape?.isResource && metaFields.has(key)) {
      setKey(out, key, resourceField(key, entry, walk, at));
    } else if (shape && (shape.properties.has(key) || shape.additional)) {
      const child = shapeAt(shape, key);
      if (entry === null && !keepsNulls && isDropped(child)) continue;
      setKey(out, key, prune(entry, child, walk, at, keepsNulls));
    } else if (path !== "" || !metaFields.has(key)) {
      walk.sawUnknown = true;
      walk.unknown?.push(at);
    }
  }
  return out;
}

/** Below `x-kubernetes-preserve-unknown-fields`: what is declared is pruned by its own schema, all else stays. */
function keep(
  value: unknown,
  shape: Shape | undefined,
  walk: Walk,
  path: string,
  keepsNulls: boolean,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!shape) return sortedDeep(value);
  if (Array.isArray(value)) {
    return value.map((item, i) => keep(item, shape.items, walk, `${path}[${i}]`, keepsNulls));
  }
  const out: Values = {};
  const given = value as Values;
  for (const key of sortedKeys(given)) {
    const entry = given[key];
    if (entry === undefined) continue;
    const at = fieldPath(path, key);
    if (shape.isResource && metaFields.has(key)) {
      setKey(out, key, resourceField(key, entry, walk, at));
    } else if (shape.properties.has(key) || shape.additional) {
      const child = shapeAt(shape, key);
      if (entry === null && !keepsNulls && isDropped(child)) continue;
      setKey(out, key, prune(entry, child, walk, at, keepsNulls));
    } else setKey(out, key, sortedDeep(entry));
  }
  return out;
}

/** A null that the schema does not allow and that no default will replace. */
function isDropped(shape: Shape | undefined): boolean {
  return shape !== undefined && !shape.nullable && shape.default === undefined;
}

function resourceField(key: string, value: unknown, walk: Walk, path: string): unknown {
  if (key !== "metadata") {
    // The resource's own were judged before; an embedded resource's are texts.
    if (typeof value !== "string" && walk.metadata !== keptMetadata) {
      throw new DecodeError(`${path || key} must be a string`);
    }
    return value;
  }
  const { object, hasUnknown } = walk.metadata.decode(value);
  if (hasUnknown) walk.sawUnknown = true;
  return sortedDeep(object);
}

/** Visits the resources within a resource. */
function eachEmbedded(
  value: unknown,
  shape: Shape | undefined,
  path: string,
  visit: (path: string, resource: Values) => void,
): void {
  if (!shape?.has.resources || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    value.forEach((item, i) => eachEmbedded(item, shape.items, `${path}[${i}]`, visit));
    return;
  }
  const given = value as Values;
  if (shape.isResource && path !== "") visit(path, given);
  for (const key of Object.keys(given)) {
    eachEmbedded(given[key], shapeAt(shape, key), fieldPath(path, key), visit);
  }
}

/** The reference keeps free-form objects as maps, which it writes sorted. */
export function sortedDeep(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sortedDeep);
  const out: Values = {};
  for (const key of sortedKeys(value as Values)) {
    const entry = (value as Values)[key];
    if (entry !== undefined) setKey(out, key, sortedDeep(entry));
  }
  return out;
}
