import assert from "node:assert/strict";
import { operationFigures } from "./api_round.ts";

Deno.test("operationFigures() gives each operation the processor time that passed during it", () => {
  const result = (op: string, n: number) => ({ op, n, per_s: 10, p50_ms: 1, p99_ms: 5 });
  assert.deepEqual(operationFigures([result("a", 100), result("b", 10)], [500, 700, 750]), {
    "a/rate": 10,
    "a/p50": 1,
    "a/p99": 5,
    "a/cpu": 2,
    "b/rate": 10,
    "b/p50": 1,
    "b/p99": 5,
    "b/cpu": 5,
  });
});
