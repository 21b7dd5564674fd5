import { invalid } from "../../../meta/field_error.ts";
import { validateAnnotations, validateLabels } from "../../../meta/validate_metadata.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defaultClaimSpec, validateClaimSpec } from "../claim_validation.ts";
import type { ResourceClaimTemplate } from "./types.gen.ts";

const schema = schemaOf("resource.k8s.io/v1", "ResourceClaimTemplate");

/** A ResourceClaimTemplate is what a ResourceClaim of its own is made from for each pod. */
export const resourceClaimTemplate = defineKind<ResourceClaimTemplate>({
  group: "resource.k8s.io",
  version: "v1",
  usesExpressions: true,
  kind: "ResourceClaimTemplate",
  plural: "resourceclaimtemplates",
  scope: "Namespaced",
  schema,
  columns: [nameColumn(), ageColumn()],
  returnsDeletedObject: true,
  strategy: {
    defaults: (obj) => defaultClaimSpec(obj.spec?.spec),
    validate: ({ spec }) => [
      ...validateLabels(spec?.metadata?.labels, "spec.metadata.labels"),
      ...validateAnnotations(spec?.metadata?.annotations, "spec.metadata.annotations"),
      ...validateClaimSpec(spec?.spec, "spec.spec"),
    ],
    validateUpdate: (obj, old) =>
      semanticEqual(schema.fields.get("spec")!.node, obj.spec, old.spec)
        ? []
        : [invalid("spec", undefined, "field is immutable")],
  },
});
