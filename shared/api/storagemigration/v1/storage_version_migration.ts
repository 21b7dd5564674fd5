import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import type { StorageVersionMigration } from "./types.gen.ts";

const schema = schemaOf("storagemigration.k8s.io/v1", "StorageVersionMigration");

/** A StorageVersionMigration asks for all objects of a resource to be rewritten in the current storage version. */
export const storageVersionMigration = defineKind<StorageVersionMigration>({
  group: "storagemigration.k8s.io",
  version: "v1",
  kind: "StorageVersionMigration",
  plural: "storageversionmigrations",
  scope: "Cluster",
  schema,
  subresources: { status: true },
  columns: [
    { name: "Name", type: "string", cell: (obj) => obj.metadata.name ?? "" },
    { name: "Resource", type: "string", cell: resourceOf },
    { name: "Status", type: "string", cell: statusOf },
  ],
  strategy: {
    requireResourceVersion: true,
    validate: validateMigration,
    validateUpdate: (obj, old) =>
      semanticEqual(schema.fields.get("spec")!.node, obj.spec, old.spec)
        ? []
        : [invalid("spec", undefined, "field is immutable")],
  },
});

function resourceOf({ spec }: StorageVersionMigration): string {
  const { group, resource } = spec?.resource ?? { group: "", resource: "" };
  return group ? `${resource}.${group}` : resource;
}

function statusOf({ status }: StorageVersionMigration): string {
  return status?.conditions?.find((condition) => condition.status === "True")?.type ?? "Unknown";
}

function validateMigration({ spec }: StorageVersionMigration): readonly FieldError[] {
  return spec?.resource?.resource ? [] : [required("spec.resource.resource")];
}
