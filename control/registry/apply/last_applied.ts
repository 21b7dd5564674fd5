import type { KubeObject } from "../../../shared/api/kind.ts";
import type { StructNode } from "../../../shared/schema/schema.ts";
import { difference, emptyFieldSet, type FieldSet } from "./field_set.ts";
import { goJson } from "./path_element.ts";
import { compareFields, toFieldSet } from "./typed_fields.ts";
import { typeErrors } from "./typed_validation.ts";

/** Where `kubectl apply` without `--server-side` keeps what it applied. */
export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** The manager for which client-side apply is migrated; others are left alone. */
export const clientSideApplier = "kubectl";

const maxAnnotationBytes = 256 * 1024;

/**
 * The fields that client-side apply set and nobody has changed since: a server-side apply by `kubectl` may take them
 * from their owners without force. Empty if the live object has no usable annotation.
 */
export function fieldsOfLastApplied(live: KubeObject, schema: StructNode): FieldSet {
  const text = live.metadata.annotations?.[lastAppliedAnnotation];
  const applied = text ? parse(text) : undefined;
  if (applied?.apiVersion !== live.apiVersion || applied.kind !== live.kind) return emptyFieldSet;
  // Items that repeat, which only updates may leave behind, make both useless for this.
  if (typeErrors(applied, schema) ?? typeErrors(live, schema)) return emptyFieldSet;
  const change = compareFields(applied, live, schema);
  const fields = toFieldSet(applied, schema);
  return difference(
    difference(difference(fields, change.modified), change.added),
    change.removed,
  );
}

function parse(text: string): Partial<KubeObject> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Brings the annotation, where there is one, up to what `kubectl` has now applied by the server, so that client-side
 * apply can be used again. Changes `object`. The annotation goes if all annotations together would be too large.
 */
export function updateLastApplied(object: KubeObject, applied: KubeObject): void {
  const annotations = object.metadata.annotations;
  if (!annotations?.[lastAppliedAnnotation]) return;
  annotations[lastAppliedAnnotation] = encodeApplied(applied);
  const bytes = Object.entries(annotations).flat().reduce(
    (sum, text) => sum + encoder.encode(text).length,
    0,
  );
  if (bytes > maxAnnotationBytes) delete annotations[lastAppliedAnnotation];
}

const encoder = new TextEncoder();

function encodeApplied(applied: KubeObject): string {
  const { annotations, ...metadata } = applied.metadata ?? {};
  if (annotations === undefined) return `${goJson(applied)}\n`;
  const { [lastAppliedAnnotation]: _, ...others } = annotations;
  return `${goJson({ ...applied, metadata: { ...metadata, annotations: others } })}\n`;
}
