import { schemaOf } from "../../../schema/schema.ts";
import { containerColumns } from "../../core/v1/pod_columns.ts";
import { defaultPodTemplate } from "../../core/v1/pod_defaults.ts";
import { podTemplateWarnings } from "../../core/v1/pod_warnings.ts";
import { defaultClaimSpec } from "../../core/v1/volume_defaults.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import {
  validateStatefulSet,
  validateStatefulSetName,
  validateStatefulSetStatus,
} from "./stateful_set_validation.ts";
import { validateStatefulSetUpdate } from "./stateful_set_update_validation.ts";
import type { StatefulSet, StatefulSetSpec } from "./types.gen.ts";

/** Pods with an identity and storage of their own. */
export const statefulSet = defineKind<StatefulSet>({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("apps/v1", "StatefulSet"),
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
    {
      name: "Ready",
      type: "string",
      cell: (obj) => `${obj.status?.readyReplicas ?? 0}/${obj.spec?.replicas ?? 0}`,
    },
    ageColumn(),
    ...containerColumns<StatefulSet>((obj) => obj.spec?.template),
  ],
  strategy: {
    defaults: defaultStatefulSet,
    generationOf: (obj) => obj.spec,
    validateName: validateStatefulSetName,
    validate: validateStatefulSet,
    validateUpdate: validateStatefulSetUpdate,
    warnings: statefulSetWarnings,
    status: { validateUpdate: (obj) => validateStatefulSetStatus(obj) },
  },
});

function defaultStatefulSet(obj: StatefulSet): void {
  const spec = obj.spec ??= {} as StatefulSetSpec;
  spec.replicas ??= 1;
  spec.template = defaultPodTemplate(spec.template);
  spec.podManagementPolicy ||= "OrderedReady";
  const strategy = spec.updateStrategy ??= {};
  strategy.type ||= "RollingUpdate";
  if (strategy.type === "RollingUpdate") {
    const rolling = strategy.rollingUpdate ??= {};
    rolling.partition ??= 0;
    rolling.maxUnavailable ??= 1;
  }
  const retention = spec.persistentVolumeClaimRetentionPolicy ??= {};
  retention.whenDeleted ||= "Retain";
  retention.whenScaled ||= "Retain";
  spec.revisionHistoryLimit ??= 10;
  for (const claim of spec.volumeClaimTemplates ?? []) {
    // Stored objects name their type; a template inside another object gets it on the way in.
    claim.kind ||= "PersistentVolumeClaim";
    claim.apiVersion ||= "v1";
    claim.metadata ??= {};
    defaultClaimSpec(claim.spec ??= {});
    claim.status ??= {};
    claim.status.phase ||= "Pending";
  }
}

function statefulSetWarnings(obj: StatefulSet): readonly string[] {
  const warnings = podTemplateWarnings(obj.spec?.template, "spec.template");
  const limit = obj.spec?.revisionHistoryLimit ?? 0;
  return limit < 0
    ? [
      ...warnings,
      "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
    ]
    : warnings;
}
