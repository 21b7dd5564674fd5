import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { certificateApproval } from "./certificate_approval.ts";
import { certificateSigning } from "./certificate_signing.ts";
import { certificateSubjectRestriction } from "./certificate_subject_restriction.ts";
import { clusterTrustBundleAttest } from "./cluster_trust_bundle_attest.ts";
import { defaultIngressClass } from "./default_ingress_class.ts";
import { defaultStorageClass } from "./default_storage_class.ts";
import { defaultTolerationSeconds } from "./default_toleration_seconds.ts";
import { limitRanger } from "./limit_ranger.ts";
import { namespaceLifecycle } from "./namespace_lifecycle.ts";
import { nodeRestriction } from "./node_restriction.ts";
import { persistentVolumeClaimResize } from "./persistent_volume_claim_resize.ts";
import { podSecurity } from "./pod_security.ts";
import { podTopologyLabels } from "./pod_topology_labels.ts";
import { priority } from "./priority.ts";
import { resourceQuota } from "./resource_quota.ts";
import { runtimeClass } from "./runtime_class.ts";
import { serviceAccount } from "./service_account.ts";
import { storageObjectInUseProtection } from "./storage_object_in_use_protection.ts";
import { taintNodesByCondition } from "./taint_nodes_by_condition.ts";

type Factory = (dependencies: PluginDependencies) => AdmissionPlugin;

/** The standard plugins, in the reference's order; policies and webhooks of users run before the last. */
export const pluginTable: readonly Factory[] = [
  namespaceLifecycle,
  limitRanger,
  serviceAccount,
  nodeRestriction,
  taintNodesByCondition,
  podSecurity,
  priority,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  persistentVolumeClaimResize,
  runtimeClass,
  certificateApproval,
  certificateSigning,
  clusterTrustBundleAttest,
  certificateSubjectRestriction,
  defaultIngressClass,
  podTopologyLabels,
  resourceQuota,
];

/**
 * All plugins of a server, in order: the standard ones with `policies` (admission policies, webhooks) before
 * ResourceQuota, then `last`.
 */
export function standardPlugins(
  dependencies: PluginDependencies,
  more: {
    readonly policies?: readonly AdmissionPlugin[];
    readonly last?: readonly AdmissionPlugin[];
  } = {},
): readonly AdmissionPlugin[] {
  const plugins = pluginTable.map((factory) => factory(dependencies));
  return [
    ...plugins.slice(0, -1),
    ...more.policies ?? [],
    ...plugins.slice(-1),
    ...more.last ?? [],
  ];
}
