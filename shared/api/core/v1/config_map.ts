import { type FieldError, forbidden, invalid } from "../../../meta/field_error.ts";
import { isConfigMapKey } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateDataChange, validateDataSize } from "./data_validation.ts";
import type { ConfigMap } from "./types.gen.ts";

/** Configuration as text or bytes by key. */
export const configMap = defineKind<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  scope: "Namespaced",
  schema: schemaOf("v1", "ConfigMap"),
  columns: [
    nameColumn(),
    {
      name: "Data",
      type: "string",
      cell: (obj) => countKeys(obj.data) + countKeys(obj.binaryData),
    },
    ageColumn(),
  ],
  strategy: { validate: validateConfigMap, validateUpdate: validateConfigMapUpdate },
});

function countKeys(data: Readonly<Record<string, string>> | undefined): number {
  return Object.keys(data ?? {}).length;
}

function validateConfigMap(obj: ConfigMap): readonly FieldError[] {
  const errors: FieldError[] = [];
  const data = obj.data ?? {};
  const binaryData = obj.binaryData ?? {};
  for (const key of Object.keys(data).sort()) {
    for (const message of isConfigMapKey(key)) errors.push(invalid(`data[${key}]`, key, message));
    if (key in binaryData) {
      errors.push(invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
    }
  }
  for (const key of Object.keys(binaryData).sort()) {
    for (const message of isConfigMapKey(key)) {
      errors.push(invalid(`binaryData[${key}]`, key, message));
    }
  }
  errors.push(...validateDataSize("", data, binaryData));
  return errors;
}

function validateConfigMapUpdate(obj: ConfigMap, old: ConfigMap): readonly FieldError[] {
  if (!old.immutable) return [];
  const errors: FieldError[] = [];
  if (!obj.immutable) {
    errors.push(forbidden("immutable", "field is immutable when `immutable` is set"));
  }
  errors.push(...validateDataChange("data", obj.data, old.data));
  errors.push(...validateDataChange("binaryData", obj.binaryData, old.binaryData));
  return errors;
}
