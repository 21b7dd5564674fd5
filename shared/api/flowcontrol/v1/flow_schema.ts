import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateFlowSchema } from "../flow_schema_validation.ts";
import type { FlowSchema } from "./types.gen.ts";

/** A FlowSchema sorts requests to the API server into a priority level. */
export const flowSchema = defineKind<FlowSchema>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "FlowSchema",
  plural: "flowschemas",
  scope: "Cluster",
  schema: schemaOf("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    {
      name: "PriorityLevel",
      type: "string",
      cell: ({ spec }) => spec.priorityLevelConfiguration?.name || "<none>",
    },
    {
      name: "MatchingPrecedence",
      type: "string",
      cell: ({ spec }) => spec.matchingPrecedence ?? 0,
    },
    {
      name: "DistinguisherMethod",
      type: "string",
      cell: ({ spec }) => spec.distinguisherMethod?.type ?? "<none>",
    },
    ageColumn(),
    {
      name: "MissingPL",
      type: "string",
      cell: ({ status }) =>
        status?.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?",
    },
  ],
  strategy: {
    defaults: (obj) => {
      obj.spec ??= { priorityLevelConfiguration: { name: "" } };
      obj.spec.matchingPrecedence ||= 1000;
    },
    generationOf: (obj) => obj.spec,
    validate: validateFlowSchema,
  },
});
