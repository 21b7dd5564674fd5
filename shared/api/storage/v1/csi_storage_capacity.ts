import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { isDns1123Subdomain } from "../../../meta/names.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import { parseQuantity, quantitySign } from "../../../resource/quantity.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { createdAtColumn, nameColumn } from "../../table_columns.ts";
import type { CSIStorageCapacity } from "./types.gen.ts";

const schema = schemaOf("storage.k8s.io/v1", "CSIStorageCapacity");

/** A CSIStorageCapacity says how much a storage class can still provide in a part of the cluster. */
export const csiStorageCapacity = defineKind<CSIStorageCapacity>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  scope: "Namespaced",
  schema,
  columns: [nameColumn(), createdAtColumn()],
  returnsDeletedObject: true,
  strategy: {
    requireResourceVersion: true,
    validate: validateCapacity,
    validateUpdate: (obj, old) =>
      (["nodeTopology", "storageClassName"] as const)
        .filter((name) => !semanticEqual(schema.fields.get(name)!.node, obj[name], old[name]))
        .map((name) => invalid(name, obj[name], "field is immutable")),
  },
});

function validateCapacity(obj: CSIStorageCapacity): readonly FieldError[] {
  const errors: FieldError[] = [];
  const className = obj.storageClassName ?? "";
  for (const message of isDns1123Subdomain(className)) {
    errors.push(invalid("storageClassName", className, message));
  }
  errors.push(...validateLabelSelector(obj.nodeTopology, "nodeTopology"));
  for (const name of ["capacity", "maximumVolumeSize"] as const) {
    const value = obj[name];
    if (value !== undefined && quantitySign(parseQuantity(value)) < 0) {
      errors.push(invalid(name, value, "must be greater than or equal to 0"));
    }
  }
  return errors;
}
