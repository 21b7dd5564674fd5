import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defaultWebhook, validateWebhooks } from "../webhooks.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ValidatingWebhookConfiguration } from "./types.gen.ts";

/** A ValidatingWebhookConfiguration lists webhooks that may refuse requests. */
export const validatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  usesExpressions: true,
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
  columns: [nameColumn(), {
    name: "Webhooks",
    type: "integer",
    cell: (obj) => obj.webhooks?.length ?? 0,
  }, ageColumn()],
  strategy: {
    requireResourceVersion: true,
    defaults: (obj) => obj.webhooks?.forEach(defaultWebhook),
    generationOf: (obj) => obj.webhooks,
    validate: (obj) => validateWebhooks(obj.webhooks, "webhooks"),
  },
});
