import { defineKind } from "../../kind.ts";
import { createdAtColumn, nameColumn } from "../../table_columns.ts";
import { validateRbacName, validateRules } from "../rules.ts";
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
  columns: [nameColumn(), createdAtColumn()],
  strategy: {
    allowCreateOnUpdate: true,
    validateName: validateRbacName,
    validate: (obj) => validateRules(obj.rules, true),
  },
});
