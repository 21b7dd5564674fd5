import assert from "node:assert/strict";
import { median, medianFigures, percentile } from "./figures.ts";

Deno.test("medianFigures() takes each figure's middle over the rounds that have it", () => {
  assert.deepEqual(
    medianFigures([{ a: 1, b: 10 }, { a: 9, b: 20 }, { a: 2 }]),
    { a: 2, b: 15 },
  );
});

Deno.test("median() of nothing is no number", () => assert.ok(Number.isNaN(median([]))));

Deno.test("percentile() is the value at that share of the sorted ones", () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  assert.equal(percentile(values, 0.5), 101);
  assert.equal(percentile(values, 0.99), 199);
  assert.equal(percentile(values, 1), 200);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});
