import { StatusError } from "../../../shared/meta/status_error.ts";
import { difference, type FieldSet, isEmpty, type Path, paths } from "./field_set.ts";
import type { Owner } from "./owners.ts";
import { showElement } from "./path_element.ts";

/** Fields of another owner that an apply would change. */
export interface Conflict {
  readonly owner: Owner;
  readonly fields: FieldSet;
}

/** The refusal of an apply: every field with its owner, as `kubectl` prints them. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const all = conflicts.flatMap(({ owner, fields }) =>
    paths(fields).map((path) => ({ owner: describe(owner), field: show(path) }))
  );
  const causes = all.map(({ owner, field }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${owner}`,
    field,
  }));
  return new StatusError("Conflict", message(conflicts, all), { details: { causes } });
}

function message(
  conflicts: readonly Conflict[],
  all: readonly { readonly owner: string; readonly field: string }[],
): string {
  if (all.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${all[0]!.owner}: ${all[0]!.field}`;
  }
  const lines = conflicts.flatMap(({ owner, fields }) => [
    `conflicts with ${describe(owner)}:`,
    ...paths(fields).map((path) => `- ${show(path)}`),
  ]);
  return `Apply failed with ${all.length} conflicts: ${lines.join("\n")}`;
}

function describe(owner: Owner): string {
  const subresource = owner.subresource
    ? ` with subresource ${JSON.stringify(owner.subresource)}`
    : "";
  const version = owner.operation === "Update" ? ` using ${owner.apiVersion}` : "";
  return JSON.stringify(owner.manager) + subresource + version;
}

function show(path: Path): string {
  return path.map(showElement).join("");
}

/** The conflicts that remain when those about `allowed` fields do not count. */
export function conflictsBeyond(conflicts: readonly Conflict[], allowed: FieldSet): Conflict[] {
  return conflicts.map(({ owner, fields }) => ({ owner, fields: difference(fields, allowed) }))
    .filter(({ fields }) => !isEmpty(fields));
}
