import { apiVersionOf, type KindDefinition, type KubeObject } from "../../shared/api/kind.ts";
import { parseJson, strictErrors } from "../../shared/codec/json.ts";
import { decodeProtobuf } from "../../shared/codec/protobuf.ts";
import { decodeEnvelope } from "../../shared/codec/protobuf_envelope.ts";
import { parseYaml, yamlStrictError } from "../../shared/codec/yaml.ts";
import { notSupported } from "../../shared/meta/field_error.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { decodeObject } from "../../shared/schema/decode.ts";
import { DecodeError } from "../../shared/schema/decode_error.ts";
import { knownKinds, schemaOf } from "../../shared/schema/schema.ts";
import { badRequest, invalidError } from "../registry/errors.ts";
import type { GroupVersionKind } from "../registry/registry.ts";
import { contentTypeName } from "./negotiation.ts";
import type { ResourceRequest } from "./resource_request.ts";
import { isBuiltIn, notMarshalable } from "./respond.ts";

/** What a client wants done about fields that the schema does not have (KEP-2885). */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** Reads the fieldValidation parameter. `options` names the options type in the refusal, e.g. `CreateOptions`. */
export function readFieldValidation(query: URLSearchParams, options: string): FieldValidation {
  const value = query.get("fieldValidation") ?? "";
  if (value === "") return "Warn";
  if (value === "Ignore" || value === "Warn" || value === "Strict") return value;
  throw invalidError({ group: "meta.k8s.io", kind: options }, "", [
    notSupported("fieldValidation", value, ["", "Ignore", "Strict", "Warn"]),
  ]);
}

/** Reads the dryRun parameter: `All` or nothing. */
export function readDryRun(query: URLSearchParams, options: string): boolean {
  const values = query.getAll("dryRun");
  if (values.length === 0) return false;
  if (values.every((value) => value === "All")) return true;
  throw invalidError({ group: "meta.k8s.io", kind: options }, "", [
    notSupported("dryRun", values, ["All"]),
  ]);
}

/** A body before it is held against a schema. */
export interface Parsed {
  readonly value: unknown;
  /** The texts for what the schema does not know and for keys given twice. */
  problems(unknownFields: readonly string[]): readonly string[];
}

/** A value that did not come as text, so that nothing in it can be doubled. */
export function parsedValue(value: unknown): Parsed {
  return { value, problems: (unknown) => unknown.map((path) => `unknown field "${path}"`) };
}

/**
 * The request's body as an object of `kind`: parsed by its Content-Type, checked against the schema, empty values
 * dropped, defaults not yet filled in. Throws UnsupportedMediaType or BadRequest.
 */
export async function decodeBody(
  request: ResourceRequest,
  kind: KindDefinition,
  validation: FieldValidation,
): Promise<KubeObject> {
  const bytes = await request.body();
  const type = contentTypeName(request.header("content-type"), "application/json");
  const refusal = (why: string, cause?: unknown) => unrecognized(kind, why, bytes, cause);
  if (type === "application/vnd.kubernetes.protobuf") return decodeBinary(kind, bytes, refusal);
  const parsed = parseText(type, bytes, refusal, isBuiltIn(kind));
  return decodeParsed(kind, parsed, { validation, warn: (text) => request.warn(text) });
}

interface DecodeParsedOptions {
  readonly validation: FieldValidation;
  readonly warn: (text: string) => void;
}

/** As `decodeBody`, for a value at hand. */
export function decodeParsed(
  kind: KindDefinition,
  parsed: Parsed,
  options: DecodeParsedOptions,
): KubeObject {
  const found = gvkOf(parsed.value, kind);
  if (!isBuiltIn(kind)) checkTypeMeta(parsed.value, found, kind);
  checkKind(found, kind);
  try {
    return decodeStrictly(kind, parsed, options);
  } catch (error) {
    if (error instanceof DecodeError) throw cannotBeHandled(found, kind, error.message);
    throw error;
  }
}

/** Holds a value against the kind's schema. Throws DecodeError. */
export function decodeStrictly(
  kind: KindDefinition,
  { value, problems }: Parsed,
  { validation, warn }: DecodeParsedOptions,
): KubeObject {
  const own = { kind: kind.kind, apiVersion: apiVersionOf(kind) };
  // That a custom resource says it is of another kind is a fault like any other.
  const typed = isBuiltIn(kind)
    ? { ...(value as object), ...own }
    : { ...own, ...(value as object) };
  const strict = validation !== "Ignore";
  const { object, unknownFields } = decodeObject(kind.schema, typed, { strict });
  const found = strict ? problems(unknownFields) : [];
  if (validation === "Strict" && found.length > 0) {
    throw new DecodeError(`strict decoding error: ${found.join(", ")}`);
  }
  for (const problem of found) warningTexts(problem).forEach(warn);
  return object;
}

/** Problems of a YAML text are one error but several warnings. */
function warningTexts(problem: string): string[] {
  const [head, ...lines] = problem.split("\n  ");
  return head === "yaml: unmarshal errors:" ? lines : [problem];
}

function parseText(
  type: string,
  bytes: Uint8Array,
  refusal: (why: string, cause?: unknown) => StatusError,
  hasDetails: boolean,
): Parsed {
  try {
    if (type === "application/json" || type === "") {
      const { value, duplicateFields } = parseJson(bytes);
      return { value, problems: (unknown) => strictErrors(bytes, unknown, duplicateFields) };
    }
    if (type === "application/yaml") {
      const { value, duplicateKeys } = parseYaml(bytes);
      const doubled = duplicateKeys.length > 0 ? [yamlStrictError(duplicateKeys)] : [];
      return {
        value,
        problems: (unknown) => [...doubled, ...unknown.map((path) => `unknown field "${path}"`)],
      };
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw refusal(`couldn't get version/kind; json parse error: ${error.message}`, error);
  }
  throw new StatusError(
    "UnsupportedMediaType",
    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    hasDetails ? { details: {} } : {},
  );
}

function decodeBinary(
  kind: KindDefinition,
  bytes: Uint8Array,
  refusal: (why: string, cause?: unknown) => StatusError,
): KubeObject {
  let envelope;
  try {
    envelope = decodeEnvelope(bytes);
  } catch (error) {
    throw refusal((error as Error).message, error);
  }
  const found = gvkOf(envelope, kind);
  checkKind(found, kind);
  if (!isBuiltIn(kind)) throw cannotBeHandled(found, kind, notMarshalable("Unstructured"));
  try {
    const value = decodeProtobuf(kind.schema, envelope.raw);
    return decodeParsed(kind, parsedValue(value), { validation: "Ignore", warn: () => {} });
  } catch (error) {
    if (error instanceof DecodeError) throw cannotBeHandled(found, kind, error.message);
    throw error;
  }
}

/** The kind a body says it is; what it leaves out is the endpoint's. */
export function gvkOf(value: unknown, kind: KindDefinition): GroupVersionKind {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const was = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
    throw badRequest(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${
        was === "boolean" ? "bool" : was
      } into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  const { apiVersion, kind: name } = value as Record<string, unknown>;
  const [group, version] = typeof apiVersion === "string" && apiVersion !== ""
    ? splitApiVersion(apiVersion)
    : [kind.group, kind.version];
  return { group, version, kind: typeof name === "string" && name !== "" ? name : kind.kind };
}

/** `apps/v1` to group and version. */
export function splitApiVersion(apiVersion: string): [group: string, version: string] {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}

/** A custom resource must say itself what it is. */
function checkTypeMeta(value: unknown, found: GroupVersionKind, kind: KindDefinition): void {
  const { kind: name, apiVersion } = value as Record<string, unknown>;
  const missing = !name ? "Kind" : !apiVersion ? "apiVersion" : undefined;
  if (!missing) return;
  const shown = missing === "Kind" ? found : { ...found, version: "" };
  throw cannotBeHandled(
    shown,
    kind,
    `Object '${missing}' is missing in '${JSON.stringify(value)}'`,
  );
}

/** Versions that the reference knows but serves no more: another refusal than for unknown ones. */
const retiredVersions = new Set([
  "apps/v1beta1",
  "apps/v1beta2",
  "batch/v1beta1",
  "autoscaling/v2beta1",
  "autoscaling/v2beta2",
  "policy/v1beta1",
  "events.k8s.io/v1beta1",
  "rbac.authorization.k8s.io/v1beta1",
  "networking.k8s.io/v1beta1",
  "storage.k8s.io/v1beta1",
  "coordination.k8s.io/v1beta1",
  "discovery.k8s.io/v1beta1",
]);

/** Throws BadRequest unless the body is of the endpoint's kind. */
export function checkKind(found: GroupVersionKind, kind: KindDefinition): void {
  const want = apiVersionOf(kind);
  const have = apiVersionOf(found);
  if (have === want && (found.kind === kind.kind || !isBuiltIn(kind))) return;
  if (!isBuiltIn(kind) || (found.kind === kind.kind && retiredVersions.has(have))) {
    throw badRequest(
      `the API version in the data (${have}) does not match the expected API version (${want})`,
    );
  }
  throw cannotBeHandled(found, kind, wrongKindText(found, kind));
}

/** Why an object of the kind `found` cannot become one of `kind`, as the reference's codec says it. */
export function wrongKindText(found: GroupVersionKind, kind: KindDefinition): string {
  const have = apiVersionOf(found);
  if (!knownKinds.has(`${have}/${found.kind}`)) {
    return `no kind "${found.kind}" is registered for version "${have}" in scheme "pkg/runtime/scheme.go:111"`;
  }
  const internal = kind.group === "" ? "core" : kind.group.split(".")[0];
  const goName = schemaOf(have, found.kind).goName;
  return `converting (${found.version}.${goName}) to (${internal}.${kind.kind}): unknown conversion`;
}

function cannotBeHandled(found: GroupVersionKind, kind: KindDefinition, why: string): StatusError {
  return badRequest(
    `${found.kind} in version "${found.version}" cannot be handled as a ${kind.kind}: ${why}`,
  );
}

const shownBytes = 30;

function unrecognized(
  kind: KindDefinition,
  why: string,
  bytes: Uint8Array,
  cause: unknown,
): StatusError {
  const isText = why.startsWith("couldn't");
  const head = bytes.subarray(0, shownBytes);
  const shown = isText ? new TextDecoder().decode(head) : hexOf(head);
  const tail = bytes.length > shownBytes ? " ..." : "";
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind.kind}): ${why} (${shown}${tail})`,
    cause,
  );
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
