import { type FieldError, invalid, notSupported, required } from "../../meta/field_error.ts";
import { isDns1123Subdomain, isPathSegmentName } from "../../meta/names.ts";
import type { Column, KubeObject } from "../kind.ts";
import type { PolicyRule, RoleRef, Subject } from "./v1/types.gen.ts";

/** The group of roles and bindings, and of the users and groups that they name. */
export const rbacGroup = "rbac.authorization.k8s.io";

type Binding = KubeObject & { subjects?: Subject[] | undefined; roleRef: RoleRef };

/** The names of roles and bindings: anything that fits in a URL, e.g. `system:node`. */
export function validateRbacName(name: string, prefix: boolean): readonly string[] {
  return isPathSegmentName(name, prefix);
}

/** A rule is either about resources or, in a ClusterRole only, about URLs. */
export function validateRules(
  rules: readonly PolicyRule[] | undefined,
  namespaced: boolean,
): readonly FieldError[] {
  return (rules ?? []).flatMap((rule, index) => validateRule(rule, `rules[${index}]`, namespaced));
}

/** Fills in the group of the role and of subjects that have none. */
export function defaultBinding(obj: Binding): void {
  obj.roleRef ??= { kind: "", name: "" };
  obj.roleRef.apiGroup ||= rbacGroup;
  for (const subject of obj.subjects ?? []) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= rbacGroup;
  }
}

/** Checks the role and the subjects; `roleKinds` are those that the binding may refer to. */
export function validateBinding(obj: Binding, roleKinds: readonly string[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { roleRef, subjects } = obj;
  if (roleRef.apiGroup !== rbacGroup) {
    errors.push(notSupported("roleRef.apiGroup", roleRef.apiGroup ?? "", [rbacGroup]));
  }
  if (!roleKinds.includes(roleRef.kind)) {
    errors.push(notSupported("roleRef.kind", roleRef.kind ?? "", roleKinds));
  }
  if (!roleRef.name) errors.push(required("roleRef.name"));
  else {
    for (const message of isPathSegmentName(roleRef.name)) {
      errors.push(invalid("roleRef.name", roleRef.name, message));
    }
  }
  // A subject of a RoleBinding need not say its namespace.
  const needsNamespace = !roleKinds.includes("Role");
  subjects?.forEach((subject, index) => {
    validateSubject(subject, `subjects[${index}]`, needsNamespace, errors);
  });
  return errors;
}

/** The role of a binding may not change: whoever may bind one role may not thereby bind another. */
export function validateBindingUpdate(obj: Binding, old: Binding): readonly FieldError[] {
  const { apiGroup = "", kind, name } = obj.roleRef;
  const same = (old.roleRef.apiGroup ?? "") === apiGroup && old.roleRef.kind === kind &&
    old.roleRef.name === name;
  if (same) return [];
  const shown = { APIGroup: apiGroup, Kind: kind, Name: name };
  return [invalid("roleRef", shown, "field is immutable")];
}

/** The columns that bindings have besides name and age. */
export const roleColumn: Column<Binding> = {
  name: "Role",
  type: "string",
  cell: ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`,
};
export const subjectColumns: readonly Column<Binding>[] = [
  subjectColumn("Users", "User"),
  subjectColumn("Groups", "Group"),
  subjectColumn("ServiceAccounts", "ServiceAccount"),
];

function subjectColumn(name: string, kind: string): Column<Binding> {
  return {
    name,
    type: "string",
    priority: 1,
    cell: ({ subjects }) =>
      (subjects ?? []).filter((subject) => subject.kind === kind).map(textOf).join(", "),
  };
}

function textOf(subject: Subject): string {
  if (subject.kind !== "ServiceAccount" || !subject.namespace) return subject.name;
  return `${subject.namespace}/${subject.name}`;
}

function validateRule(rule: PolicyRule, path: string, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs } = rule;
  const urls = `${path}.nonResourceURLs`;
  if (nonResourceURLs?.length) {
    if (namespaced) {
      const detail = "namespaced rules cannot apply to non-resource URLs";
      errors.push(invalid(urls, nonResourceURLs, detail));
    }
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      const detail = "rules cannot apply to both regular resources and non-resource URLs";
      errors.push(invalid(urls, nonResourceURLs, detail));
    }
  } else {
    if (apiGroups.length === 0) {
      errors.push(
        required(`${path}.apiGroups`, "resource rules must supply at least one api group"),
      );
    }
    if (resources.length === 0) {
      errors.push(
        required(`${path}.resources`, "resource rules must supply at least one resource"),
      );
    }
  }
  if (!rule.verbs?.length) errors.push(required(`${path}.verbs`));
  return errors;
}

function validateSubject(
  subject: Subject,
  path: string,
  needsNamespace: boolean,
  errors: FieldError[],
): void {
  const { kind = "", name, namespace, apiGroup = "" } = subject;
  if (!name) errors.push(required(`${path}.name`));
  if (kind === "ServiceAccount") {
    for (const message of name ? isDns1123Subdomain(name) : []) {
      errors.push(invalid(`${path}.name`, name, message));
    }
    if (apiGroup !== "") errors.push(notSupported(`${path}.apiGroup`, apiGroup, [""]));
    if (needsNamespace && !namespace) errors.push(required(`${path}.namespace`));
  } else if (kind === "User" || kind === "Group") {
    if (apiGroup !== rbacGroup) {
      errors.push(notSupported(`${path}.apiGroup`, apiGroup, [rbacGroup]));
    }
  } else {
    errors.push(notSupported(`${path}.kind`, kind, ["ServiceAccount", "User", "Group"]));
  }
}
