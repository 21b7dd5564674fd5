import assert from "node:assert/strict";
import { parseTimeSpan } from "./time_span.ts";

const cases: readonly [text: string, ms: number | undefined][] = [
  ["0", 0],
  ["90s", 90_000],
  ["30m", 1_800_000],
  ["24h", 86_400_000],
  ["7d", 604_800_000],
  ["", undefined],
  ["24", undefined],
  ["-1h", undefined],
  ["1.5h", undefined],
  ["9999999d", undefined],
];
for (const [text, ms] of cases) {
  Deno.test(`parseTimeSpan() gives ${ms} for "${text}"`, () =>
    assert.equal(parseTimeSpan(text), ms));
}
