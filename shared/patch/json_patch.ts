import { parseJson } from "../codec/json.ts";
import { StatusError } from "../meta/status_error.ts";
import { isObject } from "../schema/json_object.ts";
import { badPatch } from "./patch_error.ts";
import { PatchedDocument } from "./patched_document.ts";

/** One operation of RFC 6902, as the reference reads it: unknown operations fail only when they are applied. */
export interface JsonPatchOperation {
  readonly op: string;
  readonly path: string | undefined;
  readonly from: string | undefined;
  readonly value: unknown;
}
export interface ParsedJsonPatch {
  readonly operations: readonly JsonPatchOperation[];
  /** `json patch unknown field "[0].extra"` and the like, for field validation. */
  readonly strictErrors: readonly string[];
}

const maxOperations = 10_000;
const members = ["op", "path", "from", "value"];

/**
 * Reads the body of an `application/json-patch+json` request. Throws StatusError: BadRequest, or
 * RequestEntityTooLarge for more than 10,000 operations.
 */
export function parseJsonPatch(body: string | Uint8Array): ParsedJsonPatch {
  const { value, duplicateFields } = parseBody(body);
  if (!Array.isArray(value)) {
    if (value === null) return { operations: [], strictErrors: [] };
    throw wrongType(value, "Go value of type []handlers.jsonPatchOp");
  }
  if (value.length > maxOperations) {
    throw new StatusError(
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${value.length}`,
    );
  }
  const unknown = value.flatMap((each: unknown, i) =>
    isObject(each)
      ? Object.keys(each).filter((key) => !members.includes(key)).map((key) => `[${i}].${key}`)
      : []
  );
  return {
    operations: value.map(readOperation),
    strictErrors: [
      ...duplicateFields.map((path) => `json patch duplicate field ${JSON.stringify(path)}`),
      ...unknown.map((path) => `json patch unknown field ${JSON.stringify(path)}`),
    ],
  };
}

/**
 * Applies the operations in order and returns the new document; `document` is untouched, unchanged parts are shared. Throws
 * StatusError (Invalid) when one does not apply. Differs from RFC 6902 where the reference does: `replace` may create
 * a member, negative indices count from the end, what is before the first slash of a path is ignored.
 */
export function applyJsonPatch(
  document: unknown,
  operations: readonly JsonPatchOperation[],
): unknown {
  const patched = new PatchedDocument(document);
  for (const operation of operations) patched.apply(operation);
  return patched.root;
}

function parseBody(body: string | Uint8Array) {
  try {
    return parseJson(body);
  } catch (error) {
    throw badPatch("invalid JSON patch", error);
  }
}

function readOperation(value: unknown): JsonPatchOperation {
  if (!isObject(value)) {
    if (value === null) return { op: "", path: undefined, from: undefined, value: null };
    throw wrongType(value, "Go value of type handlers.jsonPatchOp");
  }
  const text = (key: string) => {
    const given = value[key];
    if (given === undefined || given === null || typeof given === "string") {
      return given ?? undefined;
    }
    throw wrongType(given, `Go struct field jsonPatchOp.${key} of type string`);
  };
  return {
    op: text("op") ?? "",
    path: text("path"),
    from: text("from"),
    value: value.value ?? null,
  };
}

function wrongType(value: unknown, target: string): StatusError {
  const given = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return badPatch(`error decoding patch: json: cannot unmarshal ${given} into ${target}`);
}
