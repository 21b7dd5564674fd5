import { ageOf as ageSince } from "../meta/age.ts";
import type { Column, KubeObject } from "./kind.ts";

export { ageSince };

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
