import type { PolicyRule, Subject } from "../../shared/api/rbac/v1/types.gen.ts";

const group = (name: string): readonly Subject[] => [
  { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name },
];
const read = ["get", "list", "watch"];
const networkRules: PolicyRule[] = [
  { verbs: ["get"], nonResourceURLs: ["/coracle/v1/agent"] },
  { verbs: read, apiGroups: [""], resources: ["namespaces", "nodes", "pods", "services"] },
  { verbs: read, apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"] },
  { verbs: read, apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"] },
];

/**
 * What a Coracle agent needs beyond the Node authorizer. It is kubelet, service proxy, overlay, network policy and
 * DNS in one process with one identity, and the last four must know the whole cluster's nodes, services and pod
 * addresses (never secrets or config maps). Joining follows the bootstrap token flow of kubeadm.
 */
export const agentRoles = {
  clusterRoles: [{ name: "coracle:node-network", rules: networkRules }],
  clusterRoleBindings: [
    {
      name: "coracle:node-network",
      role: "ClusterRole coracle:node-network",
      subjects: group("system:nodes"),
    },
    {
      name: "coracle:node-bootstrapper",
      role: "ClusterRole system:node-bootstrapper",
      subjects: group("system:bootstrappers"),
    },
    {
      name: "coracle:approve-node-client",
      role: "ClusterRole system:certificates.k8s.io:certificatesigningrequests:nodeclient",
      subjects: group("system:bootstrappers"),
    },
    {
      name: "coracle:approve-node-client-renewal",
      role: "ClusterRole system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
      subjects: group("system:nodes"),
    },
  ],
};
