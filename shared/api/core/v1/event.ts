import { ageColumn, nameColumn } from "../../table_columns.ts";
import { defineKind } from "../../kind.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { Event } from "./types.gen.ts";

/** v1 Event. */
export const event = defineKind<Event>({
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  schema: schemaOf("v1", "Event"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
