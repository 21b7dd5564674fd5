import assert from "node:assert/strict";
import { appsKinds } from "./apps/mod.ts";
import { autoscalingKinds } from "./autoscaling/mod.ts";
import { batchKinds } from "./batch/mod.ts";
import { coordinationKinds } from "./coordination/mod.ts";
import { coreKinds } from "./core/mod.ts";
import { discoveryKinds } from "./discovery/mod.ts";
import { eventsKinds } from "./events/mod.ts";
import { apiVersionOf, type KindDefinition, type KubeObject } from "./kind.ts";
import { policyKinds } from "./policy/mod.ts";
import tables from "./testdata/tables_core.json" with { type: "json" };

/** Rows as kube-apiserver 1.37 printed them: `kubectl get` shows exactly these cells. */
const expected = tables as unknown as Record<string, {
  columns: readonly (readonly [name: string, type: string, format: string, priority: number])[];
  samples: readonly (readonly [object: KubeObject, cells: readonly unknown[]])[];
}>;
const kinds: readonly KindDefinition[] = [
  ...coreKinds,
  ...appsKinds,
  ...batchKinds,
  ...autoscalingKinds,
  ...policyKinds,
  ...coordinationKinds,
  ...discoveryKinds,
  ...eventsKinds,
];
const now = Date.parse("2030-01-01T00:00:00Z");
const age = /\b(\d+y(\d+d)?|\d+d)\b/;

for (const [resource, { columns, samples }] of Object.entries(expected)) {
  const kind = kinds.find((k) => `${apiVersionOf(k)}/${k.plural}` === resource)!;

  Deno.test(`${resource} has the table columns of the reference`, () => {
    const actual = kind.columns.map((c) => [c.name, c.type, c.format ?? "", c.priority ?? 0]);
    assert.deepEqual(actual, columns);
  });

  for (const [object, cells] of samples) {
    Deno.test(`${resource} shows ${object.metadata.name} as the reference does`, () => {
      const actual = kind.columns.map((column) => column.cell(object, now));
      assert.deepEqual(actual.map((cell, i) => withAge(cell, cells[i])), cells);
    });
  }
}

/** Ages depend on the day of the recording: only where they stand is compared. */
function withAge(cell: unknown, want: unknown): unknown {
  return typeof cell === "string" && String(want).includes("<age>")
    ? cell.replace(age, "<age>")
    : cell;
}
