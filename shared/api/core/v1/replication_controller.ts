import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { formatLabels } from "../../selector_text.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { containerColumns } from "./pod_columns.ts";
import { defaultPodTemplate } from "./pod_defaults.ts";
import { podTemplateWarnings } from "./pod_warnings.ts";
import {
  validateReplicationController,
  validateReplicationControllerStatus,
} from "./replication_controller_validation.ts";
import type { ReplicationController } from "./types.gen.ts";

/** Keeps a number of equal pods running; the ancestor of ReplicaSet. */
export const replicationController = defineKind<ReplicationController>({
  group: "",
  version: "v1",
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  shortNames: ["rc"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("v1", "ReplicationController"),
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
    ...containerColumns<ReplicationController>((obj) => obj.spec?.template),
    {
      name: "Selector",
      type: "string",
      priority: 1,
      cell: (obj) => formatLabels(obj.spec?.selector),
    },
  ],
  selectableFields: { "status.replicas": (obj) => String(obj.status?.replicas ?? 0) },
  strategy: {
    defaults(obj) {
      const spec = obj.spec ??= {};
      spec.replicas ??= 1;
      if (spec.template) defaultPodTemplate(spec.template);
      const labels = spec.template?.metadata?.labels;
      if (labels === undefined) return;
      if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
      if (Object.keys(obj.metadata.labels ?? {}).length === 0) obj.metadata.labels = { ...labels };
    },
    generationOf: (obj) => obj.spec,
    validate: validateReplicationController,
    warnings: (obj) => podTemplateWarnings(obj.spec?.template, "spec.template"),
    defaultPropagation: "Orphan",
    status: { validateUpdate: (obj) => validateReplicationControllerStatus(obj) },
  },
});
