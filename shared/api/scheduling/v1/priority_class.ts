import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { PriorityClass } from "./types.gen.ts";

/** A PriorityClass gives a name to the priority of pods. */
export const priorityClass = defineKind<PriorityClass>({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  shortNames: ["pc"],
  scope: "Cluster",
  schema: schemaOf("scheduling.k8s.io/v1", "PriorityClass"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
