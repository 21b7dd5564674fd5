import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ControllerRevision } from "./types.gen.ts";

/** apps/v1 ControllerRevision. */
export const controllerRevision = defineKind<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  scope: "Namespaced",
  schema: schemaOf("apps/v1", "ControllerRevision"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
