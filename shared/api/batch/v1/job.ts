import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Job } from "./types.gen.ts";

/** batch/v1 Job. */
export const job = defineKind<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("batch/v1", "Job"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
