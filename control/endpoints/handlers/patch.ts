import { apiVersionOf, type KindDefinition, type KubeObject } from "../../../shared/api/kind.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { parseYaml } from "../../../shared/codec/yaml.ts";
import { invalid, required } from "../../../shared/meta/field_error.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { goText } from "../../../shared/patch/go_text.ts";
import { applyJsonPatch, parseJsonPatch } from "../../../shared/patch/json_patch.ts";
import { applyMergePatch, parseMergePatch } from "../../../shared/patch/merge_patch.ts";
import {
  applyStrategicMergePatch,
  parseStrategicMergePatch,
} from "../../../shared/patch/strategic_merge_patch.ts";
import { DecodeError } from "../../../shared/schema/decode_error.ts";
import { knownKinds } from "../../../shared/schema/schema.ts";
import { badRequest, invalidError } from "../../registry/errors.ts";
import { applyFields } from "../../registry/field_tracking.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import { decodeStrictly, gvkOf, readDryRun, readFieldValidation } from "../decode_body.ts";
import { contentTypeName } from "../negotiation.ts";
import { isTrue } from "../request_info.ts";
import { checkTimeout, type ResourceRequest, writeScope } from "../resource_request.ts";
import { isBuiltIn } from "../respond.ts";
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
  /** How the reference quotes the patch (or its result) in a refusal. */
  quote(result: unknown): string;
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
  checkTimeout(query);
  const type = contentTypeName(request.header("content-type"));
  checkPatchOptions(query, type);
  const dryRun = readDryRun(query, "PatchOptions");
  const scope = writeScope(request, dryRun);
  const patch = await readPatch(request);
  const finish = (value: unknown, quote: (value: unknown) => string, problems: readonly string[]) =>
    finishPatch(request, value, { quote, problems });
  if (patch.type === "apply") {
    checkAppliedName(patch.value, info.name);
    const apply = (live: KubeObject | undefined) =>
      finish(
        applyFields(kind, {
          live,
          applied: patch.value,
          force: isTrue(query.get("force")),
          scope,
          now: timestamp(deps.clock.now()),
        }),
        (value) => JSON.stringify(value),
        [],
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
    (current) => finish(patch.apply(current), patch.quote, patch.problems),
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
      const apply = (current: object) => applyJsonPatch(current, operations);
      return { type: "json", apply, problems: strictErrors, quote: sortedJson };
    }
    case mergeType: {
      const { patch, duplicateFields } = parseMergePatch(bytes);
      const apply = (current: object) => applyMergePatch(current, patch);
      return { type: "merge", apply, problems: duplicated(duplicateFields), quote: sortedJson };
    }
    case strategicType: {
      if (!isBuiltIn(kind)) throw unsupportedPatch([jsonType, mergeType, applyType]);
      const { patch, duplicateFields } = parseStrategicMergePatch(bytes);
      const apply = (current: object) => applyStrategicMergePatch(kind.schema, current, patch);
      return {
        type: "strategic",
        apply,
        problems: duplicated(duplicateFields),
        quote: () => goText(patch),
      };
    }
    case applyType:
      return { type: "apply", value: readApplied(bytes) };
    default:
      throw unsupportedPatch();
  }
}

function duplicated(fields: readonly string[]): string[] {
  return fields.map((path) => `duplicate field "${path}"`);
}

function readApplied(bytes: Uint8Array): KubeObject {
  let value: unknown;
  try {
    value = parseYaml(bytes).value;
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
  return value as KubeObject;
}

/** Decodes, defaults and names the result of a patch, as if it had been sent whole. */
function finishPatch(
  request: ResourceRequest,
  value: unknown,
  { quote, problems }: {
    readonly quote: (value: unknown) => string;
    readonly problems: readonly string[];
  },
): KubeObject {
  const { info, query, resource: { kind } } = request;
  const validation = readFieldValidation(query, "PatchOptions");
  const refuse = (why: string) =>
    invalidError({ group: "", kind: "" }, "", [invalid("patch", quote(value), why)]);
  let object: KubeObject;
  try {
    checkKindOfResult(kind, value);
    object = decodeStrictly(kind, {
      value,
      problems: (unknown) => [...problems, ...unknown.map((path) => `unknown field "${path}"`)],
    }, { validation, warn: (text) => request.warn(text) });
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message);
    throw error;
  }
  checkName(object, info.name);
  checkNamespace(kind, object, info.namespace);
  kind.strategy.defaults?.(object);
  return object;
}

function checkKindOfResult(kind: KindDefinition, value: unknown): void {
  const found = gvkOf(value, kind);
  const have = apiVersionOf(found);
  if (have === apiVersionOf(kind) && found.kind === kind.kind) return;
  if (!knownKinds.has(`${have}/${found.kind}`)) {
    throw new DecodeError(
      `no kind "${found.kind}" is registered for version "${have}" in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  throw new StatusError("BadRequest", "the kind of an object cannot be changed by a patch");
}

function checkPatchOptions(query: URLSearchParams, type: string): void {
  const isApply = type === applyType;
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

/** JSON with the outermost keys in order, as the reference quotes a patched document. */
function sortedJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(Object.fromEntries(entries));
}
