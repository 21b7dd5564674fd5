import { schemaOf } from "../../../schema/schema.ts";
import { containerColumns } from "../../core/v1/pod_columns.ts";
import { defaultPodTemplate } from "../../core/v1/pod_defaults.ts";
import { podTemplateWarnings } from "../../core/v1/pod_warnings.ts";
import { defineKind } from "../../kind.ts";
import { formatLabelSelector } from "../../selector_text.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import {
  validateReplicaSet,
  validateReplicaSetStatus,
  validateReplicaSetUpdate,
} from "./replica_set_validation.ts";
import type { ReplicaSet, ReplicaSetSpec } from "./types.gen.ts";

/** Keeps a number of equal pods running. */
export const replicaSet = defineKind<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("apps/v1", "ReplicaSet"),
  subresources: {
    status: true,
    scale: {
      specReplicas: "spec.replicas",
      statusReplicas: "status.replicas",
      selector: "spec.selector",
    },
  },
  columns: [
    nameColumn(),
    { name: "Desired", type: "integer", cell: (obj) => obj.spec?.replicas ?? 0 },
    { name: "Current", type: "integer", cell: (obj) => obj.status?.replicas ?? 0 },
    { name: "Ready", type: "integer", cell: (obj) => obj.status?.readyReplicas ?? 0 },
    ageColumn(),
    ...containerColumns<ReplicaSet>((obj) => obj.spec?.template),
    {
      name: "Selector",
      type: "string",
      priority: 1,
      cell: (obj) => formatLabelSelector(obj.spec?.selector),
    },
  ],
  strategy: {
    defaults(obj) {
      const spec = obj.spec ??= {} as ReplicaSetSpec;
      spec.replicas ??= 1;
      spec.template = defaultPodTemplate(spec.template);
    },
    generationOf: (obj) => obj.spec,
    validate: validateReplicaSet,
    validateUpdate: validateReplicaSetUpdate,
    warnings: (obj) => podTemplateWarnings(obj.spec?.template, "spec.template"),
    status: { validateUpdate: (obj) => validateReplicaSetStatus(obj) },
  },
});
