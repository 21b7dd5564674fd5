import assert from "node:assert/strict";
import { growthReport } from "./growth.ts";

const sample = {
  minute: 60,
  revision: 4000,
  keptChanges: 300,
  objects: 500,
  events: 100,
  diskMb: 6,
  heapMb: 40,
};
const rest = { writes: 1000, longestWriteMs: 5, longestTurnMs: 4 };
const stops = { objects: 10, changes: 30, seconds: 1, atRest: rest, whileCompacting: rest };
const findings = { command: "c", machine: "m", hours: 1, samples: [sample], stops };

Deno.test("growthReport() says that all bounds are held, and that no request was stopped for long", () => {
  const text = growthReport(findings);
  assert.match(text, /All are held\./);
  assert.match(text, /at most 50 ms: reached\./);
});

Deno.test("growthReport() says what is over its bound, and that a request was stopped too long", () => {
  const whileCompacting = { ...rest, longestWriteMs: 60 };
  const text = growthReport({
    ...findings,
    samples: [{ ...sample, diskMb: 100 }],
    stops: { ...stops, whileCompacting },
  });
  assert.match(text, /MISSED: diskMb came to 100, which is over 13\./);
  assert.match(text, /at most 50 ms: MISSED\./);
});
