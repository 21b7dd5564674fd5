import assert from "node:assert/strict";
import { apiVersionOf, type KubeObject } from "./kind.ts";
import { builtinKinds as kinds } from "./mod.ts";
import tables from "./testdata/tables_b.json" with { type: "json" };

/** Rows as kube-apiserver 1.37 printed them: `kubectl get` shows exactly these cells. */
const expected = tables as unknown as Record<string, {
  columns: readonly (readonly [name: string, type: string, format: string, priority: number])[];
  samples: readonly (readonly [object: KubeObject, cells: readonly unknown[]])[];
}>;

for (const [resource, { columns, samples }] of Object.entries(expected)) {
  const kind = kinds.find((k) => `${apiVersionOf(k)}/${k.plural}` === resource)!;

  Deno.test(`${resource} has the table columns of the reference`, () => {
    const actual = kind.columns.map((c) => [c.name, c.type, c.format ?? "", c.priority ?? 0]);
    assert.deepEqual(actual, columns);
  });

  for (const [object, cells] of samples) {
    Deno.test(`${resource} shows ${object.metadata.name} as the reference does`, () => {
      const now = Date.parse(object.metadata.creationTimestamp!) + 1000;
      const actual = kind.columns.map((column) => column.cell(object, now));
      // Durations depend on the clock of the recording: only that there is one is compared.
      const shown = actual.map((cell, i) =>
        cells[i] === "<age>" && /^\d+[smhd]$/.test(String(cell)) ? "<age>" : cell
      );
      assert.deepEqual(shown, cells);
    });
  }
}
