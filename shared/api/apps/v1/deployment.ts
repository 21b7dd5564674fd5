import { schemaOf } from "../../../schema/schema.ts";
import { containerColumns } from "../../core/v1/pod_columns.ts";
import { defaultPodTemplate } from "../../core/v1/pod_defaults.ts";
import { podTemplateWarnings } from "../../core/v1/pod_warnings.ts";
import { defineKind } from "../../kind.ts";
import { formatLabelSelector } from "../../selector_text.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import {
  validateDeployment,
  validateDeploymentStatus,
  validateDeploymentUpdate,
} from "./deployment_validation.ts";
import type { Deployment, DeploymentSpec } from "./types.gen.ts";

/** Keeps equal pods running and replaces them gradually when their template changes. */
export const deployment = defineKind<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("apps/v1", "Deployment"),
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
    { name: "Up-to-date", type: "string", cell: (obj) => obj.status?.updatedReplicas ?? 0 },
    { name: "Available", type: "string", cell: (obj) => obj.status?.availableReplicas ?? 0 },
    ageColumn(),
    ...containerColumns<Deployment>((obj) => obj.spec?.template),
    {
      name: "Selector",
      type: "string",
      priority: 1,
      cell: (obj) => formatLabelSelector(obj.spec?.selector),
    },
  ],
  strategy: {
    defaults: defaultDeployment,
    generationOf: (obj) => obj.spec,
    validate: validateDeployment,
    validateUpdate: validateDeploymentUpdate,
    warnings: (obj) => podTemplateWarnings(obj.spec?.template, "spec.template"),
    status: {
      // Alone among the workloads, its status endpoint leaves labels alone.
      prepareForUpdate(obj, old) {
        if (old.metadata.labels) obj.metadata.labels = { ...old.metadata.labels };
        else delete obj.metadata.labels;
      },
      resetMetadata: ["labels"],
      validateUpdate: validateDeploymentStatus,
    },
  },
});

function defaultDeployment(obj: Deployment): void {
  const spec = obj.spec ??= {} as DeploymentSpec;
  spec.replicas ??= 1;
  spec.template = defaultPodTemplate(spec.template);
  const strategy = spec.strategy ??= {};
  strategy.type ||= "RollingUpdate";
  if (strategy.type === "RollingUpdate") {
    const rolling = strategy.rollingUpdate ??= {};
    rolling.maxUnavailable ??= "25%";
    rolling.maxSurge ??= "25%";
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
}
