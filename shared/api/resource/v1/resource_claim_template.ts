import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ResourceClaimTemplate } from "./types.gen.ts";

/** A ResourceClaimTemplate is what a ResourceClaim of its own is made from for each pod. */
export const resourceClaimTemplate = defineKind<ResourceClaimTemplate>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceClaimTemplate",
  plural: "resourceclaimtemplates",
  scope: "Namespaced",
  returnsDeletedObject: true,
  schema: schemaOf("resource.k8s.io/v1", "ResourceClaimTemplate"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
