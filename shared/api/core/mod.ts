import type { KindDefinition } from "../kind.ts";
import { binding } from "./v1/binding.ts";
import { componentStatus } from "./v1/component_status.ts";
import { configMap } from "./v1/config_map.ts";
import { endpoints } from "./v1/endpoints.ts";
import { event } from "./v1/event.ts";
import { limitRange } from "./v1/limit_range.ts";
import { namespace } from "./v1/namespace.ts";
import { node } from "./v1/node.ts";
import { persistentVolume } from "./v1/persistent_volume.ts";
import { persistentVolumeClaim } from "./v1/persistent_volume_claim.ts";
import { pod } from "./v1/pod.ts";
import { podTemplate } from "./v1/pod_template.ts";
import { replicationController } from "./v1/replication_controller.ts";
import { resourceQuota } from "./v1/resource_quota.ts";
import { secret } from "./v1/secret.ts";
import { service } from "./v1/service.ts";
import { serviceAccount } from "./v1/service_account.ts";

/** Every kind of the `core` group; joined with the others in `shared/api/mod.ts`. */
export const coreKinds: readonly KindDefinition[] = [
  binding,
  componentStatus,
  configMap,
  endpoints,
  event,
  limitRange,
  namespace,
  node,
  persistentVolume,
  persistentVolumeClaim,
  pod,
  podTemplate,
  replicationController,
  resourceQuota,
  secret,
  service,
  serviceAccount,
];
