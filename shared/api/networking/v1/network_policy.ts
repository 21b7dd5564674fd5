import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { NetworkPolicy } from "./types.gen.ts";

/** A NetworkPolicy says which traffic may reach or leave the pods that it selects. */
export const networkPolicy = defineKind<NetworkPolicy>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  shortNames: ["netpol"],
  scope: "Namespaced",
  schema: schemaOf("networking.k8s.io/v1", "NetworkPolicy"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
