import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { IngressClass } from "./types.gen.ts";

/** An IngressClass names the controller that carries out the Ingresses of the class. */
export const ingressClass = defineKind<IngressClass>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IngressClass",
  plural: "ingressclasses",
  scope: "Cluster",
  schema: schemaOf("networking.k8s.io/v1", "IngressClass"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
