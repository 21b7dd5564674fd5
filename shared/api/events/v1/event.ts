import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Event } from "./types.gen.ts";

/** events.k8s.io/v1 Event. */
export const event = defineKind<Event>({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  schema: schemaOf("events.k8s.io/v1", "Event"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
