import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import {
  defaultBinding,
  roleColumn,
  subjectColumns,
  validateBinding,
  validateBindingUpdate,
  validateRbacName,
} from "../rules.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { RoleBinding } from "./types.gen.ts";

/** A RoleBinding grants a Role or ClusterRole to subjects within its namespace. */
export const roleBinding = defineKind<RoleBinding>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "RoleBinding",
  plural: "rolebindings",
  scope: "Namespaced",
  schema: schemaOf("rbac.authorization.k8s.io/v1", "RoleBinding"),
  columns: [nameColumn(), roleColumn, ageColumn(), ...subjectColumns],
  strategy: {
    allowCreateOnUpdate: true,
    validateName: validateRbacName,
    defaults: defaultBinding,
    validate: (obj) => validateBinding(obj, ["Role", "ClusterRole"]),
    validateUpdate: validateBindingUpdate,
  },
});
