import type { Column, KubeObject } from "./kind.ts";

/** The columns of the stored version of a kind, for a version that is converted to it. */
export function ofStored<T extends KubeObject, S extends KubeObject>(
  columns: readonly Column<S>[],
  toStored: (obj: T) => S,
): readonly Column<T>[] {
  return columns.map((column) => ({
    ...column,
    cell: (obj: T, now: number) => column.cell(toStored(obj), now),
  }));
}
