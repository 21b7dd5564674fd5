import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { PriorityLevelConfiguration } from "./types.gen.ts";

/** A PriorityLevelConfiguration is a share of the API server and what happens to requests that exceed it. */
export const priorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "PriorityLevelConfiguration",
  plural: "prioritylevelconfigurations",
  scope: "Cluster",
  schema: schemaOf("flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
