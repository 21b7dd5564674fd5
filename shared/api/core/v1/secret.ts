import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { secretWarnings, validateSecret, validateSecretUpdate } from "./secret_validation.ts";
import type { Secret } from "./types.gen.ts";

/** Small data that is not for everybody. */
export const secret = defineKind<Secret>({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  scope: "Namespaced",
  schema: schemaOf("v1", "Secret"),
  columns: [
    nameColumn(),
    { name: "Type", type: "string", cell: (obj) => obj.type ?? "" },
    { name: "Data", type: "string", cell: (obj) => Object.keys(obj.data ?? {}).length },
    ageColumn(),
  ],
  selectableFields: { type: (obj) => obj.type ?? "" },
  strategy: {
    defaults(obj) {
      mergeStringData(obj);
      obj.type ||= "Opaque";
    },
    prepareForUpdate(obj, old) {
      obj.type ||= old.type;
    },
    validate: validateSecret,
    validateUpdate: validateSecretUpdate,
    warnings: secretWarnings,
  },
});

/** `stringData` is for writing only: its texts win over `data` of the same key. */
function mergeStringData(obj: Secret): void {
  if (obj.stringData === undefined) return;
  for (const [key, text] of Object.entries(obj.stringData ?? {})) {
    obj.data ??= {};
    obj.data[key] = base64(text);
  }
  delete obj.stringData;
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
