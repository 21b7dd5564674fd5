import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ServiceCIDR } from "./types.gen.ts";

/** A ServiceCIDR is a range from which Services get their addresses. */
export const serviceCIDR = defineKind<ServiceCIDR>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "ServiceCIDR",
  plural: "servicecidrs",
  scope: "Cluster",
  schema: schemaOf("networking.k8s.io/v1", "ServiceCIDR"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
