import type { SelectableField } from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { FieldValue, KubeObject } from "../../shared/api/kind.ts";
import { compileJsonPath } from "../../shared/jsonpath/json_path.ts";

/** The fields by which clients may select, by label; what is not there is "". */
export function selectableFieldsOf(
  fields: readonly SelectableField[],
): Readonly<Record<string, FieldValue<KubeObject>>> {
  return Object.fromEntries(fields.map(({ jsonPath }) => [jsonPath.slice(1), reader(jsonPath)]));
}

function reader(jsonPath: string): FieldValue<KubeObject> {
  const path = compileJsonPath(jsonPath);
  return (object) => {
    const value = path.find(object)[0] ?? "";
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
}
