import type { Column, KindDefinition, KubeObject } from "../../shared/api/kind.ts";
import type { ListMeta, ObjectMeta } from "../../shared/meta/types.gen.ts";

/** What a table row carries besides its cells. */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  /** For ages, in milliseconds. */
  readonly now: number;
  readonly includeObject: IncludeObject;
  /** Watches send the columns with their first event only. */
  readonly withColumns?: boolean;
}

/** `meta.k8s.io/v1 Table` of objects, by the kind's columns (server-side printing). */
export function tableOf(
  kind: KindDefinition,
  objects: readonly KubeObject[],
  metadata: ListMeta,
  { now, includeObject, withColumns = true }: TableOptions,
): Record<string, unknown> {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: withColumns ? kind.columns.map(definitionOf) : null,
    rows: objects.map((object) => ({
      cells: kind.columns.map((column) => cellOf(column, object, now)),
      ...(includeObject === "Metadata" && { object: partialMetadataOf(rowOf(kind, object)) }),
      ...(includeObject === "Object" && { object }),
    })),
  };
}

function rowOf({ convertedAnnotations }: KindDefinition, object: KubeObject): KubeObject {
  const { annotations } = object.metadata;
  if (!convertedAnnotations || !annotations) return object;
  const kept = Object.entries(annotations).filter(([key]) => !convertedAnnotations.includes(key));
  const metadata: ObjectMeta = { ...object.metadata };
  if (kept.length > 0) metadata.annotations = Object.fromEntries(kept);
  else delete metadata.annotations;
  return { ...object, metadata };
}

/** `PartialObjectMetadata` of an object, in a version of `meta.k8s.io`. */
export function partialMetadataOf(
  object: { readonly metadata: ObjectMeta },
  version = "v1",
): KubeObject {
  return {
    kind: "PartialObjectMetadata",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata,
  };
}

function definitionOf(column: Column<KubeObject>): Record<string, unknown> {
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? "",
    description: column.description ?? "",
    priority: column.priority ?? 0,
  };
}

/** A cell never fails a whole table: an object that its kind cannot print (a bookmark) shows as unknown. */
function cellOf(column: Column<KubeObject>, object: KubeObject, now: number): unknown {
  try {
    return column.cell(object, now) ?? null;
  } catch {
    return "<unknown>";
  }
}
