import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Role } from "./types.gen.ts";

/** A Role is a list of permissions within its namespace. */
export const role = defineKind<Role>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "Role",
  plural: "roles",
  scope: "Namespaced",
  schema: schemaOf("rbac.authorization.k8s.io/v1", "Role"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
