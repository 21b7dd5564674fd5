import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { CustomResourceDefinition } from "./types.gen.ts";

/** A CustomResourceDefinition adds a kind to the API at run time. */
export const customResourceDefinition = defineKind<CustomResourceDefinition>({
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
