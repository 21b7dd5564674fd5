import assert from "node:assert/strict";
import { cyclesOf, importsOf } from "./check_cycles.ts";

Deno.test("importsOf() finds relative imports and exports of values, over several lines", () => {
  const source = `import { a } from "../b/a.ts";
import {
  c,
  type D,
} from "./c.ts";
import type { T } from "./types.ts";
export type { U } from "./types.ts";
import { type V, type W } from "./types.ts";
import assert from "node:assert/strict";
export * from "./e.ts";
import "./f.ts";
const text = 'from "./g.ts"';
`;
  assert.deepEqual(importsOf("x/y/m.ts", source), ["x/b/a.ts", "x/y/c.ts", "x/y/e.ts", "x/y/f.ts"]);
});

Deno.test("cyclesOf() finds rings of any length and nothing else", () => {
  const graph = new Map([
    ["a", ["b", "d"]],
    ["b", ["c"]],
    ["c", ["a"]],
    ["d", ["e"]],
    ["e", []],
    ["f", ["f"]],
    ["g", ["a", "h"]],
    ["h", ["g"]],
  ]);
  assert.deepEqual(cyclesOf(graph), [["a", "b", "c"], ["f"], ["g", "h"]]);
});
