import { apiVersionOf, type KindDefinition, type KubeObject } from "../../../shared/api/kind.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { parseYaml, yamlStrictError } from "../../../shared/codec/yaml.ts";
import { invalid, required } from "../../../shared/meta/field_error.ts";
import { goText } from "../../../shared/patch/go_text.ts";
import { applyJsonPatch, parseJsonPatch } from "../../../shared/patch/json_patch.ts";
import { applyMergePatch, parseMergePatch } from "../../../shared/patch/merge_patch.ts";
import {
  applyStrategicMergePatch,
  parseStrategicMergePatch,
} from "../../../shared/patch/strategic_merge_patch.ts";
import { DecodeError } from "../../../shared/schema/decode_error.ts";
import { decodeObject, normalizeObject } from "../../../shared/schema/decode.ts";
import { knownKinds, schemaOf } from "../../../shared/schema/schema.ts";
import { badRequest, invalidError } from "../../registry/errors.ts";
import { applyFields } from "../../registry/field_tracking.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import {
  decodeStrictly,
  gvkOf,
  readDryRun,
  readFieldValidation,
  wrongKindText,
} from "../decode_body.ts";
import { contentTypeName } from "../negotiation.ts";
import { isTrue } from "../request_info.ts";
import { type ResourceRequest, writeScope } from "../resource_request.ts";
import { isBuiltIn } from "../respond.ts";
import { patchedText } from "./patched_text.ts";
import {
  checkName,
  checkNamespace,
  respondWritten,
  unsupportedPatch,
  type WriteDeps,
} from "./write.ts";

/** A patch that turns the current object into the next one. */
export interface DocumentPatch {
  readonly type: "json" | "merge" | "strategic";
  apply(current: object): unknown;
  /** Problems of the patch itself, for field validation. */
  readonly problems: readonly string[];
  /** How the reference quotes the patch, or what it makes of `current`, in a refusal. */
  quote(current: KubeObject): string;
}
/** A configuration to apply; how it changes the object depends on who owns what. */
export interface ApplyPatch {
  readonly type: "apply";
  readonly value: KubeObject;
}
export type Patch = DocumentPatch | ApplyPatch;

const jsonType = "application/json-patch+json";
const mergeType = "application/merge-patch+json";
const strategicType = "application/strategic-merge-patch+json";
const applyType = "application/apply-patch+yaml";

/** PATCH of one object or of its status: four kinds of patches, told apart by Content-Type. */
export async function patchObject(
  request: ResourceRequest,
  store: ResourceStore,
  deps: WriteDeps,
): Promise<Response> {
  const { info, query, resource: { kind } } = request;
  checkPatchOptions(request);
  const dryRun = readDryRun(query, "PatchOptions");
  const scope = writeScope(request, dryRun);
  const patch = await readPatch(request);
  if (patch.type === "apply") {
    checkAppliedName(patch.value, info.name);
    const apply = (live: KubeObject | undefined) =>
      finishApply(
        request,
        applyFields(kind, {
          live,
          applied: patch.value,
          force: isTrue(query.get("force")),
          scope,
          now: timestamp(deps.clock.now()),
        }),
      );
    const written = await store.update(kind, info.name, apply, scope, {
      orCreate: () => apply(undefined),
      forceCreate: true,
      fieldsTracked: true,
    });
    return respondWritten(written, kind, deps);
  }
  const written = await store.update(
    kind,
    info.name,
    (current) => finishPatch(request, current, patch),
    scope,
  );
  return respondWritten(written, kind, deps);
}

/** Reads the body as its Content-Type says. Throws UnsupportedMediaType, BadRequest. */
export async function readPatch(request: ResourceRequest): Promise<Patch> {
  const type = contentTypeName(request.header("content-type"));
  const { kind } = request.resource;
  const bytes = await request.body();
  switch (type) {
    case jsonType: {
      const { operations, strictErrors } = parseJsonPatch(bytes);
      request.audit?.sentPatch(operations);
      const apply = (current: object) => applyJsonPatch(current, operations);
      return { type: "json", apply, problems: strictErrors, quote: quoted(kind, apply) };
    }
    case mergeType: {
      const { patch, duplicateFields } = parseMergePatch(bytes);
      request.audit?.sentPatch(patch);
      const apply = (current: object) => applyMergePatch(current, patch);
      return {
        type: "merge",
        apply,
        problems: duplicated(duplicateFields),
        quote: quoted(kind, apply),
      };
    }
    case strategicType: {
      if (!isBuiltIn(kind)) throw unsupportedPatch([jsonType, mergeType, applyType]);
      const { patch, duplicateFields } = parseStrategicMergePatch(bytes);
      request.audit?.sentPatch(patch);
      const apply = (current: object) => applyStrategicMergePatch(kind.schema, current, patch);
      return {
        type: "strategic",
        apply,
        problems: duplicated(duplicateFields),
        quote: () => goText(patch),
      };
    }
    case applyType:
      return readApplied(request, bytes);
    default:
      throw unsupportedPatch(isBuiltIn(kind) ? undefined : [jsonType, mergeType, applyType]);
  }
}

function duplicated(fields: readonly string[]): string[] {
  return fields.map((path) => `duplicate field "${path}"`);
}

/** The quote of a patch that is applied to a document: the fields are in the order of the schema before. */
function quoted(
  kind: KindDefinition,
  apply: (current: object) => unknown,
): (current: KubeObject) => string {
  return (current) => {
    const ordered = normalizeObject(kind.schema, current);
    return patchedText(ordered, apply(ordered));
  };
}

function readApplied(request: ResourceRequest, bytes: Uint8Array): ApplyPatch {
  let value: unknown;
  let duplicateKeys: readonly string[];
  try {
    ({ value, duplicateKeys } = parseYaml(bytes));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`error encoding patch: ${error.message}`, error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest(
      `error decoding YAML: json: cannot unmarshal ${
        Array.isArray(value) ? "array" : value === null ? "null" : typeof value
      } into Go value of type map[string]interface {}`,
    );
  }
  reportDuplicates(request, duplicateKeys);
  request.audit?.sentPatch(value);
  return { type: "apply", value: value as KubeObject };
}

function reportDuplicates(request: ResourceRequest, duplicateKeys: readonly string[]): void {
  if (duplicateKeys.length === 0) return;
  const validation = readFieldValidation(request.query, "PatchOptions");
  if (validation === "Strict") {
    throw badRequest(`error strict decoding YAML: ${yamlStrictError(duplicateKeys)}`);
  }
  if (validation === "Warn") { for (const key of duplicateKeys) request.warn(key); }
}

/** Applies a patch to `current` and decodes, defaults and names the result, as if it had been sent whole. */
export function finishPatch(
  request: ResourceRequest,
  current: KubeObject,
  patch: DocumentPatch,
): KubeObject {
  return finish(request, patch.apply(current), {
    quote: () => patch.quote(current),
    problems: patch.problems,
  });
}

/** As `finishPatch`, for what server-side apply made. */
export function finishApply(request: ResourceRequest, value: KubeObject): KubeObject {
  return finish(request, value, { quote: () => JSON.stringify(value), problems: [] });
}

function finish(
  request: ResourceRequest,
  value: unknown,
  { quote, problems }: {
    readonly quote: () => string;
    readonly problems: readonly string[];
  },
): KubeObject {
  const { info, query, resource: { kind } } = request;
  const validation = readFieldValidation(query, "PatchOptions");
  const refuse = (why: string) =>
    invalidError({ group: "", kind: "" }, "", [invalid("patch", quote(), why)]);
  let object: KubeObject;
  try {
    checkKindOfResult(kind, value);
    object = decodeStrictly(kind, {
      value,
      problems: (unknown) => [
        ...problems,
        ...unknown.toSorted().map((path) => `unknown field "${path}"`),
      ],
    }, { validation, warn: (text) => request.warn(text) });
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message);
    throw error;
  }
  checkName(object, info.name);
  checkNamespace(kind, object, info.namespace);
  kind.strategy.defaults?.(object, timestamp(request.time));
  return object;
}

function checkKindOfResult(kind: KindDefinition, value: unknown): void {
  const found = gvkOf(value, kind);
  const have = apiVersionOf(found);
  if (have === apiVersionOf(kind) && found.kind === kind.kind) return;
  // What the document says it is must be right in itself before it can be the wrong kind.
  if (knownKinds.has(`${have}/${found.kind}`)) {
    decodeObject(schemaOf(have, found.kind), value, { strict: false });
  }
  throw new DecodeError(wrongKindText(found, kind));
}

/** Throws Invalid for options that do not go with the type of the patch. */
export function checkPatchOptions({ query, header }: ResourceRequest): void {
  const isApply = contentTypeName(header("content-type")) === applyType;
  const errors = [];
  if (isApply && !query.get("fieldManager")) {
    errors.push(required("fieldManager", "is required for apply patch"));
  }
  if (!isApply && query.has("force")) {
    errors.push({
      path: "force",
      reason: "FieldValueForbidden" as const,
      message: "Forbidden: may not be specified for non-apply patch",
    });
  }
  if (errors.length > 0) {
    throw invalidError({ group: "meta.k8s.io", kind: "PatchOptions" }, "", errors);
  }
}

function checkAppliedName({ metadata }: KubeObject, name: string): void {
  if (metadata?.generateName && !metadata.name) {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
}
