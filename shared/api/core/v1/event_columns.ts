import type { Column } from "../../kind.ts";
import { ageSince, nameColumn } from "../../table_columns.ts";
import type { Event } from "./types.gen.ts";

/** The columns of `kubectl get events`, for both versions of Event. */
export const eventColumns: readonly Column<Event>[] = [
  { name: "Last Seen", type: "string", cell: (obj, now) => ageSince(lastSeen(obj), now) },
  { name: "Type", type: "string", cell: (obj) => obj.type ?? "" },
  { name: "Reason", type: "string", cell: (obj) => obj.reason ?? "" },
  { name: "Object", type: "string", cell: objectOf },
  {
    name: "Subobject",
    type: "string",
    priority: 1,
    cell: (obj) => obj.involvedObject?.fieldPath ?? "",
  },
  { name: "Source", type: "string", priority: 1, cell: sourceOf },
  { name: "Message", type: "string", cell: (obj) => (obj.message ?? "").trim() },
  {
    name: "First Seen",
    type: "string",
    priority: 1,
    cell: (obj, now) => ageSince(obj.firstTimestamp || obj.eventTime || undefined, now),
  },
  { name: "Count", type: "string", priority: 1, cell: countOf },
  { ...nameColumn<Event>(), priority: 1 },
];

function lastSeen(obj: Event): string | undefined {
  return obj.series?.lastObservedTime || obj.lastTimestamp || obj.firstTimestamp ||
    obj.eventTime || undefined;
}

function objectOf({ involvedObject }: Event): string {
  const kind = involvedObject?.kind?.toLowerCase() ?? "";
  const name = involvedObject?.name ?? "";
  return name === "" ? kind : `${kind}/${name}`;
}

function sourceOf(obj: Event): string {
  const component = obj.source?.component || obj.reportingComponent || "";
  const instance = obj.source?.host || obj.reportingInstance || "";
  return instance === "" ? component : `${component}, ${instance}`;
}

function countOf(obj: Event): number {
  if (obj.series) return obj.series.count ?? 0;
  return obj.count || 1;
}
