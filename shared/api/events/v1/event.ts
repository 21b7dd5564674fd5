import { schemaOf } from "../../../schema/schema.ts";
import { eventColumns } from "../../core/v1/event_columns.ts";
import {
  validateEvent,
  validateEventCreate,
  validateEventUpdate,
} from "../../core/v1/event_validation.ts";
import type { Event as CoreEvent } from "../../core/v1/types.gen.ts";
import { defineKind, type KubeObject } from "../../kind.ts";
import { ofStored } from "../../stored_columns.ts";
import type { Event } from "./types.gen.ts";

/** The names that fields have in the core version of Event. */
const coreNames: Readonly<Record<string, string>> = {
  regarding: "involvedObject",
  note: "message",
  reportingController: "reportingComponent",
  deprecatedSource: "source",
  deprecatedFirstTimestamp: "firstTimestamp",
  deprecatedLastTimestamp: "lastTimestamp",
  deprecatedCount: "count",
};
const newNames = Object.fromEntries(Object.entries(coreNames).map(([key, name]) => [name, key]));

/** Something that happened to an object; the newer form of the core Event. */
export const event = defineKind<Event>({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  schema: schemaOf("events.k8s.io/v1", "Event"),
  columns: ofStored(eventColumns, toStored),
  selectableFields: {
    "regarding.kind": (obj) => obj.regarding?.kind ?? "",
    "regarding.namespace": (obj) => obj.regarding?.namespace ?? "",
    "regarding.name": (obj) => obj.regarding?.name ?? "",
    "regarding.uid": (obj) => obj.regarding?.uid ?? "",
    "regarding.apiVersion": (obj) => obj.regarding?.apiVersion ?? "",
    "regarding.resourceVersion": (obj) => obj.regarding?.resourceVersion ?? "",
    "regarding.fieldPath": (obj) => obj.regarding?.fieldPath ?? "",
    reason: (obj) => obj.reason ?? "",
    reportingController: (obj) => obj.reportingController ?? "",
    type: (obj) => obj.type ?? "",
  },
  strategy: {
    allowCreateOnUpdate: true,
    validate: (obj) => validateEvent(toStored(obj), "events.k8s.io/v1"),
    validateCreate: (obj) => validateEventCreate(toStored(obj), "events.k8s.io/v1"),
    validateUpdate: (obj, old) =>
      validateEventUpdate(toStored(obj), toStored(old), "events.k8s.io/v1"),
  },
  storedAs: { group: "", version: "v1", toStored, fromStored },
});

function toStored(obj: Event): CoreEvent {
  return { ...renamed(obj, coreNames), apiVersion: "v1" } as unknown as CoreEvent;
}

function fromStored(obj: KubeObject): Event {
  const event = { ...renamed(obj, newNames), apiVersion: "events.k8s.io/v1" } as unknown as Event;
  // Required in the core version, and there even if empty; here they are optional.
  if (event.reportingController === "") delete event.reportingController;
  if (event.reportingInstance === "") delete event.reportingInstance;
  return event;
}

function renamed(obj: object, names: Readonly<Record<string, string>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(obj)) out[names[key] ?? key] = value;
  return out;
}
