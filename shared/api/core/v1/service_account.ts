import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ServiceAccount } from "./types.gen.ts";

/** v1 ServiceAccount. */
export const serviceAccount = defineKind<ServiceAccount>({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  scope: "Namespaced",
  schema: schemaOf("v1", "ServiceAccount"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
