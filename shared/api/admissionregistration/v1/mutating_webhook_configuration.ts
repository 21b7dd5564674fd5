import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { MutatingWebhookConfiguration } from "./types.gen.ts";

/** A MutatingWebhookConfiguration lists webhooks that may change objects on their way in. */
export const mutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: schemaOf("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
