import { type FieldError, forbidden, required } from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateDriverName, validateParameters } from "../driver_name.ts";
import type { VolumeAttributesClass } from "./types.gen.ts";

const schema = schemaOf("storage.k8s.io/v1", "VolumeAttributesClass");

/** A VolumeAttributesClass is a set of driver parameters that a volume may be switched to while it lives. */
export const volumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttributesClass",
  plural: "volumeattributesclasses",
  shortNames: ["vac"],
  scope: "Cluster",
  schema,
  columns: [
    nameColumn(),
    { name: "DriverName", type: "string", cell: (obj) => obj.driverName },
    ageColumn(),
  ],
  returnsDeletedObject: true,
  strategy: {
    validate: (obj) => [
      ...validateDriverName(obj.driverName, "driverName"),
      ...validateClassParameters(obj),
    ],
    validateUpdate: (obj, old) =>
      (["driverName", "parameters"] as const)
        .filter((name) => !semanticEqual(schema.fields.get(name)!.node, obj[name], old[name]))
        .map((name) => forbidden(name, `updates to ${name} are forbidden.`)),
  },
});

function validateClassParameters({ parameters }: VolumeAttributesClass): readonly FieldError[] {
  if (Object.keys(parameters ?? {}).length === 0) return [required("parameters")];
  return validateParameters(parameters, "parameters");
}
