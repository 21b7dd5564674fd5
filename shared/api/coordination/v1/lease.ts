import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Lease } from "./types.gen.ts";

/** coordination.k8s.io/v1 Lease. */
export const lease = defineKind<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  scope: "Namespaced",
  schema: schemaOf("coordination.k8s.io/v1", "Lease"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
  lazyWrites: true,
});
