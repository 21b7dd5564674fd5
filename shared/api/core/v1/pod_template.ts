import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { formatLabels } from "../../selector_text.ts";
import { nameColumn } from "../../table_columns.ts";
import { containerColumns } from "./pod_columns.ts";
import { defaultPodTemplate } from "./pod_defaults.ts";
import { validatePodTemplateSpec } from "./pod_template_validation.ts";
import { podTemplateWarnings } from "./pod_warnings.ts";
import type { PodTemplate } from "./types.gen.ts";

/** A pod that somebody may make later. */
export const podTemplate = defineKind<PodTemplate>({
  group: "",
  version: "v1",
  kind: "PodTemplate",
  plural: "podtemplates",
  scope: "Namespaced",
  returnsDeletedObject: true,
  schema: schemaOf("v1", "PodTemplate"),
  columns: [
    nameColumn(),
    ...containerColumns<PodTemplate>((obj) => obj.template, 0),
    {
      name: "Pod Labels",
      type: "string",
      cell: (obj) => formatLabels(obj.template?.metadata?.labels),
    },
  ],
  strategy: {
    defaults(obj) {
      obj.template = defaultPodTemplate(obj.template);
    },
    generationOf: (obj) => obj.template,
    validate: (obj) => validatePodTemplateSpec(obj.template, "template"),
    warnings: (obj) => podTemplateWarnings(obj.template, "template"),
  },
});
