import type { PolicyRule } from "../../shared/api/rbac/v1/types.gen.ts";
import type { Authorizer, Decision, RequestInfo, UserInfo } from "../server/request_context.ts";
import type { NodeGraph, Referenced } from "./node_graph.ts";
import { rulesAllow } from "./policy_rule.ts";

const PREFIX = "system:node:";
const GROUP = "system:nodes";
const LEASES = "kube-node-lease";

const allow: Decision = { decision: "Allow" };
const noOpinion = (reason?: string): Decision => ({
  decision: "NoOpinion",
  ...(reason !== undefined && { reason }),
});

/** What answers requests for one resource, by `<group>/<plural>`. */
type Rule = (node: string, info: RequestInfo, graph: NodeGraph) => Decision;
const rules: Readonly<Record<string, Rule>> = {
  "/secrets": readNamespaced,
  "/configmaps": readNamespaced,
  "/persistentvolumeclaims": (node, info, graph) =>
    info.subresource === "status" ? updateStatus(node, info, graph) : getOne(node, info, graph),
  "/persistentvolumes": getOne,
  "/serviceaccounts": serviceAccount,
  "/nodes": ownNode,
  "/pods": ownPods,
  "resource.k8s.io/resourceclaims": getOne,
  "resource.k8s.io/resourceslices": resourceSlice,
  "storage.k8s.io/volumeattachments": getOne,
  "storage.k8s.io/csinodes": ownCsiNode,
  "coordination.k8s.io/leases": ownLease,
};

/** The node that a user is; undefined if it is none. */
export function nodeOf(user: UserInfo): string | undefined {
  if (!user.name.startsWith(PREFIX) || !user.groups.includes(GROUP)) return undefined;
  return user.name.slice(PREFIX.length);
}

/**
 * Lets nodes do their work, and see of the cluster's secrets only what their own pods need. `rules` are those of
 * the role `system:node`, for all that is not narrowed down. NodeRestriction holds writes to the node's own objects.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/node/ (KEP-279, KEP-4601).
 */
export function nodeAuthorizer(graph: NodeGraph, nodeRules: readonly PolicyRule[]): Authorizer {
  return {
    name: "Node",
    authorize(user, info): Decision | Promise<Decision> {
      const node = nodeOf(user);
      if (node === undefined) return noOpinion();
      if (node === "") return noOpinion(`unknown node for user ${JSON.stringify(user.name)}`);
      const rule = info.isResource ? rules[`${info.group}/${info.resource}`] : undefined;
      if (rule && graph.loading) return graph.loading.then(() => rule(node, info, graph));
      if (rule) return rule(node, info, graph);
      return rulesAllow(nodeRules, info) ? allow : noOpinion();
    },
  };
}

function related(node: string, info: RequestInfo, graph: NodeGraph): Decision {
  const { resource, namespace, name } = info;
  if (name === "") return noOpinion("No Object name found");
  const plural = resource as Referenced;
  return graph.isRelated(node, { plural, namespace, name })
    ? allow
    : noOpinion(`no relationship found between node '${node}' and this object`);
}

function readNamespaced(node: string, info: RequestInfo, graph: NodeGraph): Decision {
  if (!["get", "list", "watch"].includes(info.verb)) {
    return noOpinion("can only read resources of this type");
  }
  if (info.subresource !== "") return noOpinion("cannot read subresource");
  if (info.namespace === "") return noOpinion("can only read namespaced object of this type");
  return related(node, info, graph);
}

function getOne(node: string, info: RequestInfo, graph: NodeGraph): Decision {
  if (info.verb !== "get") return noOpinion("can only get individual resources of this type");
  if (info.subresource !== "") return noOpinion("cannot get subresource");
  return related(node, info, graph);
}

function updateStatus(node: string, info: RequestInfo, graph: NodeGraph): Decision {
  if (!["get", "update", "patch"].includes(info.verb)) {
    return noOpinion("can only get/update/patch this type");
  }
  return related(node, info, graph);
}

function serviceAccount(node: string, info: RequestInfo, graph: NodeGraph): Decision {
  if (info.verb === "get" && info.subresource === "") return related(node, info, graph);
  if (info.verb !== "create" || info.subresource !== "token" || info.name === "") {
    return noOpinion("can only create tokens for individual service accounts");
  }
  return related(node, info, graph);
}

function ownNode(node: string, info: RequestInfo): Decision {
  const { verb, subresource, name } = info;
  if (subresource === "status") return verb === "update" || verb === "patch" ? allow : noOpinion();
  if (subresource !== "") return noOpinion();
  // Which of them is its own, NodeRestriction judges: on create the URL has no name.
  if (verb === "create" || verb === "update" || verb === "patch") return allow;
  if (verb !== "get" && verb !== "list" && verb !== "watch") return noOpinion();
  if (name === node) return allow;
  return noOpinion(
    name === ""
      ? `node '${node}' cannot read all nodes, only its own Node object`
      : `node '${node}' cannot read '${name}', only its own Node object`,
  );
}

function ownPods(node: string, info: RequestInfo, graph: NodeGraph): Decision {
  const { verb, subresource, name, fieldSelector } = info;
  if (subresource === "status") return verb === "update" || verb === "patch" ? allow : noOpinion();
  if (subresource === "eviction") return verb === "create" ? allow : noOpinion();
  if (subresource !== "") return noOpinion();
  if (verb === "create" || verb === "delete") return allow;
  if (verb === "get") return related(node, info, graph);
  if (verb !== "list" && verb !== "watch") return noOpinion();
  if (selects(fieldSelector, "spec.nodeName", node)) return allow;
  if (name !== "") return related(node, info, graph);
  return noOpinion("can only list/watch pods with spec.nodeName field selector");
}

function resourceSlice(node: string, info: RequestInfo, graph: NodeGraph): Decision {
  const { verb, subresource, fieldSelector } = info;
  if (subresource !== "") return noOpinion("cannot authorize ResourceSlice subresources");
  if (verb === "create") return allow;
  if (["get", "update", "patch", "delete"].includes(verb)) return related(node, info, graph);
  if (!["watch", "list", "deletecollection"].includes(verb)) {
    return noOpinion(
      "only the following verbs are allowed for a ResourceSlice: get, watch, " +
        "list, create, update, patch, delete, deletecollection",
    );
  }
  return selects(fieldSelector, "spec.nodeName", node)
    ? allow
    : noOpinion("can only list/watch/deletecollection resourceslices with nodeName field selector");
}

const ownVerbs = ["get", "create", "update", "patch", "delete"];

function ownCsiNode(node: string, { verb, subresource, name }: RequestInfo): Decision {
  if (!ownVerbs.includes(verb)) {
    return noOpinion("can only get, create, update, patch, or delete a CSINode");
  }
  if (subresource !== "") return noOpinion("cannot authorize CSINode subresources");
  if (verb === "create" || name === node) return allow;
  return noOpinion("can only access CSINode with the same name as the requesting node");
}

function ownLease(node: string, { verb, namespace, name }: RequestInfo): Decision {
  if (!ownVerbs.includes(verb)) {
    return noOpinion("can only get, create, update, patch, or delete a node lease");
  }
  if (namespace !== LEASES) {
    return noOpinion(`can only access leases in the "${LEASES}" system namespace`);
  }
  if (verb === "create" || name === node) return allow;
  return noOpinion("can only access node lease with the same name as the requesting node");
}

/** Whether a field selector narrows `field` to `value`, whatever else it asks. */
function selects(selector: string | undefined, field: string, value: string): boolean {
  return (selector ?? "").split(",").some((part) =>
    part === `${field}=${value}` || part === `${field}==${value}`
  );
}
