import assert from "node:assert/strict";
import { fieldChanges } from "./field_changes.ts";

const cases: readonly [title: string, before: unknown, after: unknown, changes: unknown[]][] = [
  ["nothing for the same", { a: { b: [1, 2] } }, { a: { b: [1, 2] } }, []],
  ["a value", { spec: { replicas: 3 } }, { spec: { replicas: 5 } }, [
    { path: "spec.replicas", before: 3, after: 5 },
  ]],
  ["what came and what went", { a: 1, b: null }, { b: null, c: { d: 1 } }, [
    { path: "a", before: 1 },
    { path: "c", after: { d: 1 } },
  ]],
  [
    "items of a list by their names, wherever they stand",
    { containers: [{ name: "a", image: "x" }, { name: "b", image: "x" }] },
    { containers: [{ name: "b", image: "y" }, { name: "a", image: "x" }, { name: "c" }] },
    [
      { path: "containers[b].image", before: "x", after: "y" },
      { path: "containers[c]", after: { name: "c" } },
    ],
  ],
  ["a list whose items have no names as a whole", { args: ["a"] }, { args: ["a", "b"] }, [
    { path: "args", before: ["a"], after: ["a", "b"] },
  ]],
  [
    "a list in which a name comes twice as a whole",
    { list: [{ name: "a" }] },
    { list: [{ name: "a" }, { name: "a" }] },
    [{ path: "list", before: [{ name: "a" }], after: [{ name: "a" }, { name: "a" }] }],
  ],
  ["a value that is of another type", { a: [1] }, { a: { b: 1 } }, [
    { path: "a", before: [1], after: { b: 1 } },
  ]],
  ["a label with dots", { labels: { "a.b/c": "1" } }, { labels: { "a.b/c": "2" } }, [
    { path: 'labels["a.b/c"]', before: "1", after: "2" },
  ]],
  [
    "no bookkeeping",
    {
      metadata: { resourceVersion: "1", generation: 1, managedFields: [], name: "a" },
    },
    { metadata: { resourceVersion: "2", generation: 2, managedFields: [{}], name: "a" } },
    [],
  ],
];
for (const [title, before, after, changes] of cases) {
  Deno.test(`fieldChanges() gives ${title}`, () => {
    assert.deepEqual(fieldChanges(before, after), changes);
  });
}
