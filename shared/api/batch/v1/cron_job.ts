import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { CronJob } from "./types.gen.ts";

/** batch/v1 CronJob. */
export const cronJob = defineKind<CronJob>({
  group: "batch",
  version: "v1",
  kind: "CronJob",
  plural: "cronjobs",
  shortNames: ["cj"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("batch/v1", "CronJob"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
