import type { Status } from "../../../shared/meta/types.gen.ts";
import { isObject } from "../../../shared/schema/json_object.ts";

/** What a webhook sends back, of the right types. */
export interface Review {
  readonly kind: string;
  readonly apiVersion: string;
  readonly response: ReviewResponse | undefined;
}

export interface ReviewResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status: Partial<Status> | undefined;
  /** JSON text; "" for none. */
  readonly patch: string;
  readonly patchType: string | undefined;
  readonly auditAnnotations: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

const group = "admission.k8s.io";

/**
 * Reads an answer as an AdmissionReview of `version`; one that says nothing about itself is taken for it. Throws Error
 * in the words of the reference's decoder.
 */
export function decodeReview(answer: unknown, version: string): Review {
  const { kind = "", apiVersion = "", response } = answer as Readonly<Record<string, unknown>>;
  checkType(String(kind), String(apiVersion), version);
  return {
    kind: String(kind),
    apiVersion: String(apiVersion),
    response: isObject(response) ? decodeResponse(response) : undefined,
  };
}

function checkType(kind: string, apiVersion: string, version: string): void {
  if (kind === "" && apiVersion === "") return;
  const known = kind === "AdmissionReview" &&
    (apiVersion === `${group}/v1` || apiVersion === `${group}/v1beta1`);
  if (!known) {
    throw new Error(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} ` +
        'in scheme "pkg/runtime/scheme.go:111"',
    );
  }
  const given = apiVersion.slice(group.length + 1);
  if (given === version) return;
  throw new Error(
    `converting (${given}.AdmissionReview) to (${version}.AdmissionReview): unknown conversion`,
  );
}

function decodeResponse(response: Readonly<Record<string, unknown>>): ReviewResponse {
  const { uid, allowed, status, patch, patchType, auditAnnotations, warnings } = response;
  const text = (value: unknown, field: string) => {
    if (value === undefined || value === null || typeof value === "string") {
      return value ?? undefined;
    }
    throw wrongType(value, field, "string");
  };
  if (allowed !== undefined && allowed !== null && typeof allowed !== "boolean") {
    throw wrongType(allowed, "allowed", "bool");
  }
  const annotations = isObject(auditAnnotations) ? Object.entries(auditAnnotations) : [];
  const texts = Array.isArray(warnings) ? warnings : [];
  return {
    uid: text(uid, "uid") ?? "",
    allowed: allowed ?? false,
    status: isObject(status) ? status as Partial<Status> : undefined,
    patch: decodePatch(text(patch, "patch") ?? ""),
    patchType: text(patchType, "patchType"),
    auditAnnotations: Object.fromEntries(
      annotations.map(([key, value]) => [key, text(value, "auditAnnotations") ?? ""]),
    ),
    warnings: texts.map((value: unknown) => text(value, "warnings") ?? ""),
  };
}

/** The text that a patch is as base64. */
function decodePatch(base64: string): string {
  const wrong = base64.search(/[^A-Za-z0-9+/=\r\n]/);
  if (wrong >= 0) throw new Error(`illegal base64 data at input byte ${wrong}`);
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(base64));
  } catch (error) {
    throw new Error(`illegal base64 data at input byte ${base64.length}`, { cause: error });
  }
}

function wrongType(value: unknown, field: string, wanted: string): Error {
  const given = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return new Error(
    `json: cannot unmarshal ${given} into Go struct field AdmissionResponse.response.${field} of type ${wanted}`,
  );
}
