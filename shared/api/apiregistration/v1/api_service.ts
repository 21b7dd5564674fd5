import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { APIService } from "./types.gen.ts";

/** An APIService says who serves a group and version: this server, or another one behind a Service. */
export const apiService = defineKind<APIService>({
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("apiregistration.k8s.io/v1", "APIService"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
