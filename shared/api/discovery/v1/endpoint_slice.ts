import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { EndpointSlice } from "./types.gen.ts";

/** discovery.k8s.io/v1 EndpointSlice. */
export const endpointSlice = defineKind<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  scope: "Namespaced",
  schema: schemaOf("discovery.k8s.io/v1", "EndpointSlice"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
