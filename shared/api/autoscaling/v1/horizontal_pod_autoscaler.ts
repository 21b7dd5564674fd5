import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { HorizontalPodAutoscaler } from "./types.gen.ts";

/** autoscaling/v1 HorizontalPodAutoscaler. */
export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v1",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("autoscaling/v1", "HorizontalPodAutoscaler"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
