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
import type { ClusterRoleBinding } from "./types.gen.ts";

/** A ClusterRoleBinding grants a ClusterRole to subjects everywhere. */
export const clusterRoleBinding = defineKind<ClusterRoleBinding>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  scope: "Cluster",
  schema: schemaOf("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
  columns: [nameColumn(), roleColumn, ageColumn(), ...subjectColumns],
  strategy: {
    allowCreateOnUpdate: true,
    validateName: validateRbacName,
    defaults: defaultBinding,
    validate: (obj) => validateBinding(obj, ["ClusterRole"]),
    validateUpdate: validateBindingUpdate,
  },
});
