import assert from "node:assert/strict";
import { tableLines } from "./columns.ts";

const table = {
  columnDefinitions: [
    { name: "Name", priority: 0 },
    { name: "Ready", priority: 0 },
    { name: "Images", priority: 1 },
  ],
  rows: [
    { cells: ["web", "1/3", "nginx"], object: { metadata: { namespace: "shop" } } },
    { cells: ["a-longer-name", 7, null], object: { metadata: { namespace: "default" } } },
  ],
};

Deno.test("tableLines() prints a table as kubectl does", () => {
  assert.deepEqual(tableLines(table, { wide: false, withNamespace: false }), [
    "NAME            READY",
    "web             1/3",
    "a-longer-name   7",
  ]);
  assert.deepEqual(tableLines(table, { wide: true, withNamespace: true }), [
    "NAMESPACE   NAME            READY   IMAGES",
    "shop        web             1/3     nginx",
    "default     a-longer-name   7       <none>",
  ]);
});
