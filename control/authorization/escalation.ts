import type { ClusterRole, PolicyRule, RoleBinding } from "../../shared/api/rbac/v1/types.gen.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { AdmissionPlugin, Attributes } from "../admission/plugin.ts";
import type { Authorizer, RequestInfo, UserInfo } from "../server/request_context.ts";
import { forbidden } from "./forbidden.ts";
import { compactRules, describeRule, quoteList, uncovered } from "./policy_rule.ts";
import type { RbacAuthorizer } from "./rbac.ts";
import { PRIVILEGED_GROUP } from "./union.ts";

const GROUP = "rbac.authorization.k8s.io";
const plurals = new Set(["roles", "clusterroles", "rolebindings", "clusterrolebindings"]);
const everything: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/**
 * Nobody grants more than they hold: a write of a role or binding is refused unless the user has every right in
 * it, or may `escalate` (roles) or `bind` (bindings). Part of the admission chain here, last of those that may
 * change objects, so that what is judged is what will be stored and 403 comes before 422.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping.
 */
export function escalationCheck(rbac: RbacAuthorizer, authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "RBACEscalation",
    handles: ({ kind, operation, subresource, user }) =>
      kind.group === GROUP && plurals.has(kind.plural) && subresource === "" &&
      (operation === "CREATE" || operation === "UPDATE") &&
      !user.groups.includes(PRIVILEGED_GROUP),
    async admit(attributes) {
      const { object, oldObject, kind } = attributes;
      if (!object || (oldObject && onlyOwnershipChanged(object, oldObject))) return;
      if (kind.plural.endsWith("bindings")) {
        await checkBinding(object as RoleBinding, attributes, { rbac, authorizer });
      } else await checkRole(object as ClusterRole, attributes, { rbac, authorizer });
    },
  };
}

interface Checker {
  readonly rbac: RbacAuthorizer;
  readonly authorizer: Authorizer;
}

/** The refusal that says which of `rules` the user does not hold in `namespace`; undefined: all are held. */
export function confirmNoEscalation(
  rbac: RbacAuthorizer,
  wanted: {
    readonly user: UserInfo;
    readonly namespace: string;
    readonly rules: readonly PolicyRule[];
  },
): string | undefined {
  const { user, namespace, rules } = wanted;
  const held = rbac.rulesFor(user, namespace);
  const missing = uncovered(held.rules, rules);
  if (missing.length === 0) return undefined;
  const lines = [...new Set(compactRules(missing).map(describeRule))].sort();
  const errors = held.errors.length === 0 ? "" : `; resolution errors: [${held.errors.join(" ")}]`;
  return `user ${JSON.stringify(user.name)} (groups=${quoteList(user.groups)}) is attempting to ` +
    `grant RBAC permissions not currently held:\n${lines.join("\n")}${errors}`;
}

async function checkRole(
  role: ClusterRole,
  attributes: Attributes,
  { rbac, authorizer }: Checker,
): Promise<void> {
  const { user, kind, namespace, operation } = attributes;
  // A role that is being made has no name yet that a permission could be limited to.
  const name = operation === "CREATE" ? "" : attributes.name;
  const escalate = { verb: "escalate", resource: kind.plural, namespace, name };
  if (await may(authorizer, user, escalate)) return;
  const why = confirmNoEscalation(rbac, { user, namespace, rules: role.rules ?? [] });
  if (why !== undefined) throw refuse(attributes, why);
  if (kind.plural !== "clusterroles" || !role.aggregationRule) return;
  if (confirmNoEscalation(rbac, { user, namespace, rules: everything }) !== undefined) {
    throw refuse(attributes, "must have cluster-admin privileges to use the aggregationRule");
  }
}

async function checkBinding(
  binding: RoleBinding,
  attributes: Attributes,
  { rbac, authorizer }: Checker,
): Promise<void> {
  const { user, kind, namespace } = attributes;
  const { kind: roleKind, name } = binding.roleRef;
  const resource = roleKind === "ClusterRole" ? "clusterroles" : "roles";
  if (await may(authorizer, user, { verb: "bind", resource, namespace, name })) return;
  const rules = rbac.rulesOfRole(binding.roleRef, namespace);
  if (!rules) {
    throw new StatusError(
      "NotFound",
      `${kind.plural}.${GROUP} ${JSON.stringify(name)} not found`,
      { details: { name, group: GROUP, kind: kind.plural } },
    );
  }
  const why = confirmNoEscalation(rbac, { user, namespace, rules });
  if (why !== undefined) throw refuse(attributes, why);
}

async function may(
  authorizer: Authorizer,
  user: UserInfo,
  what: Pick<RequestInfo, "verb" | "resource" | "namespace" | "name">,
): Promise<boolean> {
  const info = {
    isResource: true,
    path: "",
    group: GROUP,
    version: "*",
    subresource: "",
    rest: "",
    ...what,
  };
  return (await authorizer.authorize(user, info)).decision === "Allow";
}

function refuse({ kind, name, object }: Attributes, why: string): StatusError {
  return forbidden(kind, name || (object?.metadata.name ?? ""), why);
}

/** The garbage collector may let go of owners and finalizers of what it could not grant. */
function onlyOwnershipChanged(object: object, old: object): boolean {
  return comparable(object) === comparable(old);
}
function comparable(object: object): string {
  const { metadata = {}, ...rest } = object as { metadata?: object };
  const ignored = [
    "ownerReferences",
    "finalizers",
    "managedFields",
    "resourceVersion",
    "generation",
  ];
  const kept = Object.entries(metadata).filter(([key]) => !ignored.includes(key)).sort();
  return JSON.stringify([kept, Object.entries(rest).sort()]);
}
