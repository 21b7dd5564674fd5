import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import {
  validatePodDisruptionBudget,
  validatePodDisruptionBudgetStatus,
} from "./pod_disruption_budget_validation.ts";
import type { PodDisruptionBudget } from "./types.gen.ts";

/** Caps how many pods of a set may be down by choice. */
export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  shortNames: ["pdb"],
  scope: "Namespaced",
  schema: schemaOf("policy/v1", "PodDisruptionBudget"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Min Available", type: "string", cell: ({ spec }) => show(spec?.minAvailable) },
    { name: "Max Unavailable", type: "string", cell: ({ spec }) => show(spec?.maxUnavailable) },
    {
      name: "Allowed Disruptions",
      type: "integer",
      cell: ({ status }) => status?.disruptionsAllowed ?? 0,
    },
    ageColumn(),
  ],
  strategy: {
    requireResourceVersion: true,
    generationOf: (obj) => obj.spec,
    validate: validatePodDisruptionBudget,
    status: { validateUpdate: (obj) => validatePodDisruptionBudgetStatus(obj) },
  },
});

function show(value: number | string | undefined): string {
  return value === undefined || value === null ? "N/A" : String(value);
}
