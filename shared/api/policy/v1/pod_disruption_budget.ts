import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { PodDisruptionBudget } from "./types.gen.ts";

/** policy/v1 PodDisruptionBudget. */
export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  shortNames: ["pdb"],
  scope: "Namespaced",
  schema: schemaOf("policy/v1", "PodDisruptionBudget"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
