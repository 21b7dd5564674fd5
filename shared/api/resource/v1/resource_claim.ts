import { type FieldError, forbidden, invalid } from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defaultClaimSpec, validateClaimSpec } from "../claim_validation.ts";
import type { ResourceClaim } from "./types.gen.ts";

const schema = schemaOf("resource.k8s.io/v1", "ResourceClaim");

/** A ResourceClaim asks for devices for the pods that refer to it. */
export const resourceClaim = defineKind<ResourceClaim>({
  group: "resource.k8s.io",
  version: "v1",
  usesExpressions: true,
  kind: "ResourceClaim",
  plural: "resourceclaims",
  scope: "Namespaced",
  schema,
  subresources: { status: true },
  columns: [nameColumn(), { name: "State", type: "string", cell: stateOf }, ageColumn()],
  returnsDeletedObject: true,
  strategy: {
    defaults: (obj) => defaultClaimSpec(obj.spec),
    validate: (obj) => validateClaimSpec(obj.spec, "spec"),
    validateUpdate: (obj, old) =>
      semanticEqual(schema.fields.get("spec")!.node, obj.spec, old.spec)
        ? []
        : [invalid("spec", undefined, "field is immutable")],
    status: { validateUpdate: validateStatusUpdate },
  },
});

function stateOf({ metadata, status }: ResourceClaim): string {
  const states: string[] = [];
  const isDeleted = metadata.deletionTimestamp !== undefined;
  if (isDeleted) states.push("deleted");
  if (status?.allocation) {
    states.push("allocated");
    if (status.reservedFor?.length) states.push("reserved");
  } else if (!isDeleted) states.push("pending");
  return states.join(",");
}

/** Devices are allocated once and for all, or given back; only an allocated claim can be reserved. */
function validateStatusUpdate(obj: ResourceClaim, old: ResourceClaim): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { allocation, reservedFor } = obj.status ?? {};
  const before = old.status?.allocation;
  if (reservedFor?.length && !allocation) {
    const detail = "may not be specified when `allocated` is not set";
    errors.push(forbidden("status.reservedFor", detail));
  }
  if (allocation && before && !semanticEqual(allocationSchema(), allocation, before)) {
    errors.push(invalid("status.allocation", undefined, "field is immutable"));
  }
  return errors;
}

function allocationSchema() {
  const status = schema.fields.get("status")!.node;
  if (status.type !== "struct") throw new TypeError("The status of a ResourceClaim is a struct");
  return status.fields.get("allocation")!.node;
}
