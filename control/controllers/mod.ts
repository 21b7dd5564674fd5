import type { ControllerDefinition } from "./controller.ts";
import {
  certificateCleanupController,
  podCertificateCleanupController,
} from "./certificate_cleanup.ts";
import { clusterRoleAggregationController } from "./cluster_role_aggregation.ts";
import { cronJobController } from "./cron_job/cron_job.ts";
import { daemonSetController } from "./daemon_set/daemon_set.ts";
import { deploymentController } from "./deployment/deployment.ts";
import { disruptionController } from "./disruption.ts";
import { endpointSliceController } from "./endpoints/endpoint_slice.ts";
import { endpointsController } from "./endpoints/endpoints.ts";
import { garbageCollector } from "./garbage_collector/garbage_collector.ts";
import { jobController } from "./job/job.ts";
import { namespaceController } from "./namespace/namespace.ts";
import { nodeIpamController } from "./node_ipam.ts";
import { nodeLifecycleController } from "./node_lifecycle/node_lifecycle.ts";
import { taintEvictionController } from "./node_lifecycle/taint_eviction.ts";
import { podGcController } from "./pod_gc.ts";
import { replicaSetController } from "./replica_set.ts";
import { replicationController } from "./replication_controller.ts";
import { resourceQuotaController } from "./resource_quota.ts";
import { rootCaController } from "./root_ca.ts";
import { serviceAccountController } from "./service_account.ts";
import { statefulSetController } from "./stateful_set/stateful_set.ts";
import { ttlAfterFinishedController } from "./ttl_after_finished.ts";

/** Every controller of the control plane. */
export const controllers: readonly ControllerDefinition[] = [
  certificateCleanupController,
  clusterRoleAggregationController,
  cronJobController,
  daemonSetController,
  deploymentController,
  disruptionController,
  endpointsController,
  endpointSliceController,
  garbageCollector,
  jobController,
  namespaceController,
  nodeIpamController,
  nodeLifecycleController,
  podCertificateCleanupController,
  podGcController,
  replicaSetController,
  replicationController,
  resourceQuotaController,
  rootCaController,
  serviceAccountController,
  statefulSetController,
  taintEvictionController,
  ttlAfterFinishedController,
];
