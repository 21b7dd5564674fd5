import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Ingress } from "./types.gen.ts";

/** An Ingress routes HTTP from outside to Services, by host and path. */
export const ingress = defineKind<Ingress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "Ingress",
  plural: "ingresses",
  shortNames: ["ing"],
  scope: "Namespaced",
  schema: schemaOf("networking.k8s.io/v1", "Ingress"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
