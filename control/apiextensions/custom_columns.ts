import type { CustomResourceColumnDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { Column, KubeObject } from "../../shared/api/kind.ts";
import { nameColumn } from "../../shared/api/table_columns.ts";
import { compileJsonPath, type JsonPath, JsonPathError } from "../../shared/jsonpath/json_path.ts";
import { ageOf } from "../../shared/meta/age.ts";
import { sortedDeep } from "../../shared/schema/structural/decoding.ts";

const ageColumn: CustomResourceColumnDefinition = {
  name: "Age",
  type: "date",
  description:
    "CreationTimestamp is a timestamp representing the server time when this object was created.",
  jsonPath: ".metadata.creationTimestamp",
};

/** The columns of a custom kind: the name, then those of its definition or, without any, the age. */
export function customColumns(
  given: readonly CustomResourceColumnDefinition[] | undefined,
): readonly Column<KubeObject>[] {
  const columns: Column<KubeObject>[] = [nameColumn()];
  for (const definition of given?.length ? given : [ageColumn]) {
    const path = pathOf(definition.jsonPath);
    // Like the reference: what stands before a path that is none is shown.
    if (!path) break;
    columns.push(columnOf(definition, path));
  }
  return columns;
}

function pathOf(text: string): JsonPath | undefined {
  try {
    return compileJsonPath(text);
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}

function columnOf(
  { name, type, format, description, priority, jsonPath }: CustomResourceColumnDefinition,
  path: JsonPath,
): Column<KubeObject> {
  return {
    name,
    type: type as Column<KubeObject>["type"],
    ...(format && { format }),
    ...(priority && { priority }),
    description: description ||
      `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    cell: (object, now) => cellOf(path, type, object, now),
  };
}

function cellOf(path: JsonPath, type: string, object: KubeObject, now: number): unknown {
  let found: unknown[];
  try {
    found = path.find(object);
  } catch (error) {
    if (error instanceof JsonPathError) return null;
    throw error;
  }
  if (found.length === 0) return null;
  const value = found[0];
  if (type === "string") return textOf(value);
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    default:
      return typeof value === "string" ? ageText(value, now) : null;
  }
}

function textOf(value: unknown): string {
  if (value === null) return "<no value>";
  return typeof value === "object" ? JSON.stringify(sortedDeep(value)) : String(value);
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

function ageText(value: string, now: number): string {
  if (value === "" || value === "null") return "<unknown>";
  return rfc3339.test(value) ? ageOf(value, now) : "<invalid>";
}
