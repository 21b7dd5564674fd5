import assert from "node:assert/strict";
import { figure, table } from "./table.ts";

Deno.test("table() pads every column to its widest cell", () => {
  assert.equal(
    table(["what", "n"], [["a long name", "1"], ["b", "23456"]]),
    [
      "| what        | n     |",
      "|-------------|-------|",
      "| a long name | 1     |",
      "| b           | 23456 |",
      "",
    ].join("\n"),
  );
});

const figures: readonly [value: number, want: string][] = [
  [0, "0"],
  [1234.5, "1,235"],
  [123.45, "123"],
  [12.345, "12.3"],
  [1.2345, "1.23"],
  [0.012345, "0.0123"],
  [0.00001, "0.0000"],
  [NaN, "–"],
  [Infinity, "–"],
];
for (const [value, want] of figures) {
  Deno.test(`figure() writes ${value} as ${want}`, () => assert.equal(figure(value), want));
}
