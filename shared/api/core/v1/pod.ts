import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { nameIsDns1123Subdomain } from "../../../meta/names.ts";
import { podTableColumns } from "./pod_table.ts";
import {
  defaultPod,
  podGracePeriodSeconds,
  preparePodForCreate,
  preparePodStatusForUpdate,
} from "./pod_strategy.ts";
import { validatePodStatusUpdate } from "./pod_status_validation.ts";
import { validatePodUpdate } from "./pod_update_validation.ts";
import { validatePod, validatePodCreate } from "./pod_validation.ts";
import { podWarnings } from "./pod_warnings.ts";
import type { Pod } from "./types.gen.ts";

/** Containers that run together on one node. */
export const pod = defineKind<Pod>({
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  scope: "Namespaced",
  returnsDeletedObject: true,
  schema: schemaOf("v1", "Pod"),
  subresources: { status: true },
  columns: podTableColumns,
  selectableFields: {
    "spec.nodeName": (obj) => obj.spec?.nodeName ?? "",
    "spec.restartPolicy": (obj) => obj.spec?.restartPolicy ?? "",
    "spec.schedulerName": (obj) => obj.spec?.schedulerName ?? "",
    "spec.serviceAccountName": (obj) => obj.spec?.serviceAccountName ?? "",
    "spec.hostNetwork": (obj) => String(obj.spec?.hostNetwork ?? false),
    "status.phase": (obj) => obj.status?.phase ?? "",
    "status.podIP": (obj) => obj.status?.podIP ?? obj.status?.podIPs?.[0]?.ip ?? "",
    "status.podIPs": (obj) => obj.status?.podIPs?.[0]?.ip ?? obj.status?.podIP ?? "",
    "status.nominatedNodeName": (obj) => obj.status?.nominatedNodeName ?? "",
  },
  strategy: {
    defaults: defaultPod,
    prepareForCreate: preparePodForCreate,
    validateName: nameIsDns1123Subdomain,
    validate: validatePod,
    validateCreate: validatePodCreate,
    validateUpdate: validatePodUpdate,
    warnings: podWarnings,
    generationOf: (obj) => obj.spec,
    gracePeriodSeconds: podGracePeriodSeconds,
    status: {
      prepareForUpdate: preparePodStatusForUpdate,
      validateUpdate: validatePodStatusUpdate,
    },
  },
});
