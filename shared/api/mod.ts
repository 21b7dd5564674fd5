import type { KindDefinition } from "./kind.ts";
import { admissionregistrationKinds } from "./admissionregistration/mod.ts";
import { apiextensionsKinds } from "./apiextensions/mod.ts";
import { apiregistrationKinds } from "./apiregistration/mod.ts";
import { appsKinds } from "./apps/mod.ts";
import { authenticationKinds } from "./authentication/mod.ts";
import { authorizationKinds } from "./authorization/mod.ts";
import { autoscalingKinds } from "./autoscaling/mod.ts";
import { batchKinds } from "./batch/mod.ts";
import { certificatesKinds } from "./certificates/mod.ts";
import { coordinationKinds } from "./coordination/mod.ts";
import { coreKinds } from "./core/mod.ts";
import { discoveryKinds } from "./discovery/mod.ts";
import { eventsKinds } from "./events/mod.ts";
import { flowcontrolKinds } from "./flowcontrol/mod.ts";
import { networkingKinds } from "./networking/mod.ts";
import { nodeKinds } from "./node/mod.ts";
import { policyKinds } from "./policy/mod.ts";
import { rbacKinds } from "./rbac/mod.ts";
import { resourceKinds } from "./resource/mod.ts";
import { schedulingKinds } from "./scheduling/mod.ts";
import { storageKinds } from "./storage/mod.ts";
import { storagemigrationKinds } from "./storagemigration/mod.ts";

/** Every kind of the built-in API. */
export const builtinKinds: readonly KindDefinition[] = [
  ...admissionregistrationKinds,
  ...apiextensionsKinds,
  ...apiregistrationKinds,
  ...appsKinds,
  ...authenticationKinds,
  ...authorizationKinds,
  ...autoscalingKinds,
  ...batchKinds,
  ...certificatesKinds,
  ...coordinationKinds,
  ...coreKinds,
  ...discoveryKinds,
  ...eventsKinds,
  ...flowcontrolKinds,
  ...networkingKinds,
  ...nodeKinds,
  ...policyKinds,
  ...rbacKinds,
  ...resourceKinds,
  ...schedulingKinds,
  ...storageKinds,
  ...storagemigrationKinds,
];
