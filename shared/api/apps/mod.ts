import type { KindDefinition } from "../kind.ts";
import { controllerRevision } from "./v1/controller_revision.ts";
import { daemonSet } from "./v1/daemon_set.ts";
import { deployment } from "./v1/deployment.ts";
import { replicaSet } from "./v1/replica_set.ts";
import { statefulSet } from "./v1/stateful_set.ts";

/** Every kind of the `apps` group; joined with the others in `shared/api/mod.ts`. */
export const appsKinds: readonly KindDefinition[] = [
  controllerRevision,
  daemonSet,
  deployment,
  replicaSet,
  statefulSet,
];
