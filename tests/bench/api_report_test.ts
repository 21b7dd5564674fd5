import assert from "node:assert/strict";
import { apiReport } from "./api_report.ts";
import { apiBars } from "./bars.ts";

const machine = { cores: 2, memoryGb: 23.6, kernel: "6.1.0", fsyncP50Ms: 0.5, fsyncP99Ms: 2 };
const own = { "get pod/rate": 9000, "get pod/p50": 1, "get pod/p99": 2, "get pod/cpu": 0.1 };
const findings = { bars: apiBars, command: "deno task bench", rounds: 1, machine, own };

Deno.test("apiReport() holds each figure against its bar and lists every operation", () => {
  const reference = {
    "get pod/rate": 4500,
    "get pod/p50": 4,
    "get pod/p99": 9,
    "get pod/cpu": 0.3,
  };
  const text = apiReport({ ...findings, reference, why: "" }).replaceAll(/ +/g, " ");
  assert.match(text, /\| get pod \| 4,500\/s \| 9,000\/s \| 2.00× \| ≥ 2.2× \| ≥ 3× \| MISSED \|/);
  assert.match(
    text,
    /\| get pod \| 4,500 \| 4.00 \| 9.00 \| 0.300 \| 9,000 \| 1.00 \| 2.00 \| 0.100 \|/,
  );
  assert.match(text, /\n0 bars reached, 1 missed, \d+ open\./);
  assert.match(text, /2 cores, 24 GiB of memory, Linux 6.1.0; .* 0.500 ms \(p50\)/);
});

Deno.test("apiReport() says why there was nothing to compare with", () => {
  const text = apiReport({ ...findings, reference: undefined, why: "Go is not installed" });
  assert.match(text, /Coracle alone was measured: Go is not installed\./);
  assert.match(text, /medians|one round/);
});
