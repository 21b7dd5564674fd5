import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { DaemonSet } from "./types.gen.ts";

/** apps/v1 DaemonSet. */
export const daemonSet = defineKind<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  scope: "Namespaced",
  schema: schemaOf("apps/v1", "DaemonSet"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
