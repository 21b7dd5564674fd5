import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { eventColumns } from "./event_columns.ts";
import { validateEvent, validateEventUpdate } from "./event_validation.ts";
import type { Event } from "./types.gen.ts";

/** Something that happened to an object; kept for a while. */
export const event = defineKind<Event>({
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  schema: schemaOf("v1", "Event"),
  columns: eventColumns,
  selectableFields: {
    "involvedObject.kind": (obj) => obj.involvedObject?.kind ?? "",
    "involvedObject.namespace": (obj) => obj.involvedObject?.namespace ?? "",
    "involvedObject.name": (obj) => obj.involvedObject?.name ?? "",
    "involvedObject.uid": (obj) => obj.involvedObject?.uid ?? "",
    "involvedObject.apiVersion": (obj) => obj.involvedObject?.apiVersion ?? "",
    "involvedObject.resourceVersion": (obj) => obj.involvedObject?.resourceVersion ?? "",
    "involvedObject.fieldPath": (obj) => obj.involvedObject?.fieldPath ?? "",
    reason: (obj) => obj.reason ?? "",
    reportingComponent: (obj) => obj.reportingComponent ?? "",
    source: (obj) => obj.source?.component || obj.reportingComponent || "",
    type: (obj) => obj.type ?? "",
  },
  strategy: {
    allowCreateOnUpdate: true,
    validate: (obj) => validateEvent(obj, "v1"),
    validateUpdate: (obj, old) => validateEventUpdate(obj, old, "v1"),
  },
});
