import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { isDns1123Subdomain, isQualifiedName } from "../../../meta/names.ts";
import { schemaOf, schemaOfType } from "../../../schema/schema.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { check, immutable } from "../../validation.ts";
import type { Event } from "./types.gen.ts";

const MAX_NAME = 128;
const MAX_NOTE = 1024;
const DOES_NOT_MATCH = "does not match event.namespace";
const schema = schemaOf("v1", "Event");

/** The version by which the client wrote: the newer one has stricter rules. */
export type EventVersion = "v1" | "events.k8s.io/v1";

/** An event in the stored form, as `version` allows it. */
export function validateEvent(event: Event, version: EventVersion): readonly FieldError[] {
  const errors = event.eventTime
    ? [...validateNewStyle(event, version)]
    : [...validateNamespaces(event)];
  const namespace = event.metadata.namespace ?? "";
  return [...errors, ...check(namespace, "namespace", isDns1123Subdomain)];
}

/** A new event: the newer version has no use for the fields of the older one. */
export function validateEventCreate(event: Event, version: EventVersion): readonly FieldError[] {
  return version === "v1" ? [] : validateStrict(event);
}

/** Events of the newer version may only be counted further. */
export function validateEventUpdate(
  event: Event,
  old: Event,
  version: EventVersion,
): readonly FieldError[] {
  if (version === "v1") return [];
  const errors: FieldError[] = [];
  const reference = schemaOfType("k8s.io.api.core.v1.ObjectReference");
  const sameObject = semanticEqual(reference, event.involvedObject, old.involvedObject);
  errors.push(...immutable(sameObject, event.involvedObject, "involvedObject"));
  const fields = [
    ["reason", "reason"],
    ["message", "message"],
    ["firstTimestamp", "firstTimestamp"],
    ["lastTimestamp", "lastTimestamp"],
    ["count", "count"],
    ["type", "type"],
    ["eventTime", "eventTime"],
    ["action", "action"],
    ["reportingComponent", "reportingController"],
    ["reportingInstance", "reportingInstance"],
  ] as const;
  for (const [field, path] of fields) {
    const node = schema.fields.get(field)!.node;
    const same = semanticEqual(node, event[field], old[field]) ||
      (!event[field] && !old[field]);
    errors.push(...immutable(same, event[field] ?? "", path));
  }
  return errors;
}

/** Where nothing else is said, an event lives with what it is about. */
function validateNamespaces(event: Event): readonly FieldError[] {
  const own = event.metadata.namespace ?? "";
  const involved = event.involvedObject?.namespace ?? "";
  const matches = involved === "" ? own === "" || own === "default" : own === involved;
  return matches ? [] : [invalid("involvedObject.namespace", involved, DOES_NOT_MATCH)];
}

function validateNewStyle(event: Event, version: EventVersion): readonly FieldError[] {
  const errors: FieldError[] = [];
  const own = event.metadata.namespace ?? "";
  if (!event.involvedObject?.namespace && own !== "default" && own !== "kube-system") {
    errors.push(invalid("involvedObject.namespace", "", DOES_NOT_MATCH));
  }
  const controller = version === "v1" ? "reportingComponent" : "reportingController";
  if (!event.reportingComponent) errors.push(required(controller));
  errors.push(...check(event.reportingComponent ?? "", controller, isQualifiedName));
  for (const field of ["reportingInstance", "action", "reason"] as const) {
    if (!event[field]) errors.push(required(field));
    errors.push(...validateLength(event[field], MAX_NAME, field));
  }
  errors.push(...validateLength(event.message, MAX_NOTE, "message"));
  return errors;
}

function validateLength(
  text: string | undefined,
  max: number,
  path: string,
): readonly FieldError[] {
  return (text?.length ?? 0) > max ? [invalid(path, "", `can have at most ${max} characters`)] : [];
}

function validateStrict(event: Event): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (event.series) {
    if ((event.series.count ?? 0) < 2) {
      errors.push(invalid("series.count", event.series.count ?? 0, "should be at least 2"));
    }
    if (!event.series.lastObservedTime) errors.push(required("series.lastObservedTime"));
  }
  if (!event.eventTime) errors.push(required("eventTime"));
  if (event.type !== "Normal" && event.type !== "Warning") {
    errors.push(invalid("type", "", `has invalid value: ${event.type ?? ""}`));
  }
  for (const field of ["firstTimestamp", "lastTimestamp", "count"] as const) {
    if (event[field]) errors.push(invalid(field, "", "needs to be unset"));
  }
  if (event.source?.component || event.source?.host) {
    errors.push(invalid("source", "", "needs to be unset"));
  }
  return errors;
}
