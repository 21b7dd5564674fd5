import type { KindDefinition } from "../kind.ts";
import { clusterRoleBinding } from "./v1/cluster_role_binding.ts";
import { clusterRole } from "./v1/cluster_role.ts";
import { roleBinding } from "./v1/role_binding.ts";
import { role } from "./v1/role.ts";

/** The kinds of the group, for the table of all kinds. */
export const rbacKinds: readonly KindDefinition[] = [
  clusterRoleBinding,
  clusterRole,
  roleBinding,
  role,
];
