import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { RuntimeClass } from "./types.gen.ts";

/** A RuntimeClass names a container runtime handler that pods may ask for. */
export const runtimeClass = defineKind<RuntimeClass>({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  scope: "Cluster",
  schema: schemaOf("node.k8s.io/v1", "RuntimeClass"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
