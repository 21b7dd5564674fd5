/** A `meta.k8s.io/v1 Table`, as far as it is printed. */
export interface PrintedTable {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly {
    readonly cells: readonly unknown[];
    readonly object?: { readonly metadata: { readonly namespace?: string } };
  }[];
}

/** The lines of a table as kubectl prints it: three spaces between columns, `wide` with those of lower priority. */
export function tableLines(
  table: PrintedTable,
  { wide, withNamespace }: { readonly wide: boolean; readonly withNamespace: boolean },
): string[] {
  const shown = table.columnDefinitions.map(({ priority }) => wide || priority === 0);
  const heads = table.columnDefinitions.map(({ name }) => name.toUpperCase());
  const lines = [
    [...(withNamespace ? ["NAMESPACE"] : []), ...heads.filter((_, index) => shown[index])],
    ...table.rows.map(({ cells, object }) => [
      ...(withNamespace ? [object?.metadata.namespace ?? ""] : []),
      ...cells.filter((_, index) => shown[index]).map(cellText),
    ]),
  ];
  return alignedLines(lines);
}

/** Lines whose columns stand under one another. */
export function alignedLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => widths[index] = Math.max(widths[index] ?? 0, cell.length));
  }
  return rows.map((row) =>
    row.map((cell, index) => cell.padEnd(widths[index]!)).join("   ").trimEnd()
  );
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return "<none>";
  return typeof cell === "string" ? cell : JSON.stringify(cell);
}
