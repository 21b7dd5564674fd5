import { nameIsDns1123Subdomain } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { containerColumns } from "../../core/v1/pod_columns.ts";
import { defaultPodTemplate } from "../../core/v1/pod_defaults.ts";
import { podTemplateWarnings } from "../../core/v1/pod_warnings.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { formatLabels, formatLabelSelector } from "../../selector_text.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import {
  validateDaemonSet,
  validateDaemonSetStatus,
  validateDaemonSetUpdate,
} from "./daemon_set_validation.ts";
import type { DaemonSet, DaemonSetSpec } from "./types.gen.ts";

/** Where `kubectl rollout` of old looks for the generation of the template. */
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";
const schema = schemaOf("apps/v1", "DaemonSet");
const specSchema = schema.fields.get("spec")!.node;

/** One pod on every matching node. */
export const daemonSet = defineKind<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  scope: "Namespaced",
  schema,
  subresources: { status: true },
  convertedAnnotations: [TEMPLATE_GENERATION],
  columns: [
    nameColumn(),
    { name: "Desired", type: "integer", cell: (obj) => obj.status?.desiredNumberScheduled ?? 0 },
    { name: "Current", type: "integer", cell: (obj) => obj.status?.currentNumberScheduled ?? 0 },
    { name: "Ready", type: "integer", cell: (obj) => obj.status?.numberReady ?? 0 },
    { name: "Up-to-date", type: "integer", cell: (obj) => obj.status?.updatedNumberScheduled ?? 0 },
    { name: "Available", type: "integer", cell: (obj) => obj.status?.numberAvailable ?? 0 },
    {
      name: "Node Selector",
      type: "string",
      cell: (obj) => formatLabels(obj.spec?.template?.spec?.nodeSelector),
    },
    ageColumn(),
    ...containerColumns<DaemonSet>((obj) => obj.spec?.template),
    {
      name: "Selector",
      type: "string",
      priority: 1,
      cell: (obj) => formatLabelSelector(obj.spec?.selector),
    },
  ],
  strategy: {
    defaults: defaultDaemonSet,
    prepareForCreate: (obj) => setTemplateGeneration(obj, 1),
    prepareForUpdate(obj, old) {
      const known = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
      const changed = !semanticEqual(specSchema, { template: obj.spec?.template }, {
        template: old.spec?.template,
      });
      setTemplateGeneration(obj, changed ? known + 1 : known);
    },
    generationOf: (obj) => obj.spec,
    validateName: nameIsDns1123Subdomain,
    validate: validateDaemonSet,
    validateUpdate: validateDaemonSetUpdate,
    warnings: (obj) => podTemplateWarnings(obj.spec?.template, "spec.template"),
    status: { validateUpdate: (obj) => validateDaemonSetStatus(obj) },
  },
});

function defaultDaemonSet(obj: DaemonSet): void {
  const spec = obj.spec ??= {} as DaemonSetSpec;
  spec.template = defaultPodTemplate(spec.template);
  const strategy = spec.updateStrategy ??= {};
  strategy.type ||= "RollingUpdate";
  if (strategy.type === "RollingUpdate") {
    const rolling = strategy.rollingUpdate ??= {};
    rolling.maxUnavailable ??= 1;
    rolling.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  // Whoever writes the object owns the annotation, though the server sets its value.
  (obj.metadata.annotations ??= {})[TEMPLATE_GENERATION] ??= "0";
}

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  (metadata.annotations ??= {})[TEMPLATE_GENERATION] = String(generation);
}
