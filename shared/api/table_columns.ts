import { humanDuration } from "../meta/age.ts";
import type { Column, KubeObject } from "./kind.ts";

/** The first column of nearly every table: `metadata.name`. */
export function nameColumn<T extends KubeObject>(): Column<T> {
  return { name: "Name", type: "string", format: "name", cell: (obj) => obj.metadata.name ?? "" };
}

/** How long ago the object was created, as `kubectl get` shows it. */
export function ageColumn<T extends KubeObject>(): Column<T> {
  return {
    name: "Age",
    type: "string",
    cell: (obj, now) => ageSince(obj.metadata.creationTimestamp, now),
  };
}

/** The raw creation time, which clients turn into an age: what kinds without a table of their own show. */
export function createdAtColumn<T extends KubeObject>(): Column<T> {
  return {
    name: "Created At",
    type: "date",
    cell: (obj) => obj.metadata.creationTimestamp ?? null,
  };
}

/** Time between a `metav1.Time` and `now` (milliseconds) as text; `<unknown>` if there is no time. */
export function ageSince(time: string | undefined, now: number): string {
  return time === undefined ? "<unknown>" : humanDuration(now - Date.parse(time));
}
