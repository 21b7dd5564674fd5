import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ClusterRole } from "./types.gen.ts";

/** A ClusterRole is a list of permissions, cluster-wide or for use in any namespace. */
export const clusterRole = defineKind<ClusterRole>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  scope: "Cluster",
  schema: schemaOf("rbac.authorization.k8s.io/v1", "ClusterRole"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
