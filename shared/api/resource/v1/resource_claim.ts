import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ResourceClaim } from "./types.gen.ts";

/** A ResourceClaim asks for devices for the pods that refer to it. */
export const resourceClaim = defineKind<ResourceClaim>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceClaim",
  plural: "resourceclaims",
  scope: "Namespaced",
  returnsDeletedObject: true,
  schema: schemaOf("resource.k8s.io/v1", "ResourceClaim"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
