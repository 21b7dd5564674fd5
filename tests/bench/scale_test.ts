import assert from "node:assert/strict";
import { scaleReport } from "./scale.ts";

Deno.test("scaleReport() says which costs grew with the cluster", () => {
  const small = { get: 100, list: 10 };
  const text = scaleReport({ command: "c", machine: "m", small, large: { get: 150, list: 25 } })
    .replaceAll(/ +/g, " ");
  assert.match(text, /\| get \| 100 \| 150 \| 1.50× \| ≤ 2× \| reached \|/);
  assert.match(text, /\| list \| 10.0 \| 25.0 \| 2.50× \| ≤ 2× \| MISSED \|/);
});
