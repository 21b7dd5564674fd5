import { defineKind } from "../../kind.ts";
import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import { createdAtColumn, nameColumn } from "../../table_columns.ts";
import { validateRbacName, validateRules } from "../rules.ts";
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
  columns: [nameColumn(), createdAtColumn()],
  strategy: {
    allowCreateOnUpdate: true,
    validateName: validateRbacName,
    validate: (obj) => [...validateRules(obj.rules, false), ...validateAggregation(obj)],
  },
});

function validateAggregation(obj: ClusterRole): readonly FieldError[] {
  if (!obj.aggregationRule) return [];
  const path = "aggregationRule.clusterRoleSelectors";
  const selectors = obj.aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    const detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
    return [required(path, detail)];
  }
  return selectors.flatMap((selector, index) => {
    const at = `${path}[${index}]`;
    const errors = validateLabelSelector(selector, at);
    return errors.length === 0
      ? []
      : [...errors, invalid(at, undefined, "invalid label selector.")];
  });
}
