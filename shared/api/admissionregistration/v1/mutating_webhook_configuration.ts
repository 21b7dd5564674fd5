import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defaultWebhook, validateWebhooks } from "../webhooks.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { MutatingWebhookConfiguration } from "./types.gen.ts";

/** A MutatingWebhookConfiguration lists webhooks that may change objects on their way in. */
export const mutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  usesExpressions: true,
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
  columns: [nameColumn(), {
    name: "Webhooks",
    type: "integer",
    cell: (obj) => obj.webhooks?.length ?? 0,
  }, ageColumn()],
  strategy: {
    requireResourceVersion: true,
    defaults: (obj) => {
      for (const webhook of obj.webhooks ?? []) {
        defaultWebhook(webhook);
        webhook.reinvocationPolicy ??= "Never";
      }
    },
    generationOf: (obj) => obj.webhooks,
    validate: (obj) => validateWebhooks(obj.webhooks, "webhooks"),
  },
});
