import type { KindDefinition } from "../../shared/api/kind.ts";
import { parseFieldSelector } from "../../shared/meta/fields.ts";
import { parseLabelSelector } from "../../shared/meta/labels.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { badRequest } from "../registry/errors.ts";
import { decodeStored } from "../registry/stored_object.ts";
import type { Attributes, Entry, Matcher } from "../storage/cacher/cache.ts";
import type { ListOptions } from "./list_options.ts";

/**
 * The selectors of a request as one matcher over cached entries; undefined if everything matches. Throws BadRequest
 * for a selector that does not parse or a field that the kind does not select by.
 */
export function matcherOf(
  kind: KindDefinition,
  options: Pick<ListOptions, "labelSelector" | "fieldSelector">,
): Matcher | undefined {
  const labels = options.labelSelector === ""
    ? undefined
    : reading(() => parseLabelSelector(options.labelSelector));
  const fields = options.fieldSelector === ""
    ? undefined
    : reading(() => parseFieldSelector(options.fieldSelector));
  const byLabels = labels && labels.requirements.length > 0 ? labels : undefined;
  if (!byLabels && !fields) return undefined;
  for (const { field } of fields?.requirements ?? []) checkField(kind, field);
  const index = fields?.requirements.find(({ field, operator }) =>
    operator === "=" && indexedFields(kind).includes(field)
  );
  const label = byLabels?.requirements.find(({ operator, values }) =>
    (operator === "=" || operator === "in") && values.length === 1
  );
  return {
    matches: (entry: Entry) =>
      (!byLabels || byLabels.matches(entry.attributes.labels)) &&
      (!fields || fields.matches(fieldsOf(kind, entry))),
    ...(index && { index: { field: index.field, value: index.value } }),
    ...(label && { label: { key: label.key, value: label.values[0]! } }),
  };
}

/** Fields by which agents and controllers watch; kept as indexes of the cache. */
export function indexedFields(kind: KindDefinition): readonly string[] {
  return kind.plural === "pods" && kind.group === "" ? ["spec.nodeName"] : [];
}

/** What selectors see of an object: labels, and the fields that its kind declares. */
export function attributesOf(
  kind: KindDefinition,
  object: Parameters<NonNullable<KindDefinition["columns"][number]["cell"]>>[0],
): Attributes {
  const fields: Record<string, string> = {};
  for (const [name, read] of Object.entries(kind.selectableFields ?? {})) {
    fields[name] = read(object);
  }
  return { labels: object.metadata.labels ?? {}, fields };
}

function fieldsOf(kind: KindDefinition, entry: Entry): (field: string) => string {
  return (field) => {
    if (field === "metadata.name") return entry.name;
    if (field === "metadata.namespace") return entry.namespace;
    const stored = entry.attributes.fields[field];
    if (stored !== undefined || !kind.storedAs) return stored ?? "";
    // A field that only this version of the kind has.
    return kind.selectableFields![field]!(kind.storedAs.fromStored(decodeStored(entry.value)));
  };
}

function checkField(kind: KindDefinition, field: string): void {
  if (field === "metadata.name" || field === "metadata.namespace") return;
  const own = kind.selectableFields ?? {};
  if (field in own) return;
  // Kinds with fields of their own refuse with another sentence than those without.
  throw badRequest(
    Object.keys(own).length > 0
      ? `field label not supported: ${field}`
      : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw badRequest((error as Error).message, error);
  }
}
