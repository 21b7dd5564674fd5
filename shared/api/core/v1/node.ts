import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Node } from "./types.gen.ts";

/** v1 Node. */
export const node = defineKind<Node>({
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  scope: "Cluster",
  schema: schemaOf("v1", "Node"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
