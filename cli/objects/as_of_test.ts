import assert from "node:assert/strict";
import { asOfParameter } from "./as_of.ts";

const now = Date.UTC(2026, 0, 2, 15, 0, 0);
const cases: readonly [text: string, parameter: string | undefined][] = [
  ["1234", "1234"],
  ["30m", "2026-01-02T14:30:00.000Z"],
  ["2026-01-02T15:04:05Z", "2026-01-02T15:04:05.000Z"],
  ["2026-01-02T15:04:05.5+01:00", "2026-01-02T14:04:05.500Z"],
  ["2026-01-02 15:04Z", "2026-01-02T15:04:00.000Z"],
  ["2026-01-02T15:04:05", undefined],
  ["2026-13-02T15:04:05Z", undefined],
  ["yesterday", undefined],
  ["-5", undefined],
  ["", undefined],
];
for (const [text, parameter] of cases) {
  Deno.test(`asOfParameter() gives ${parameter} for "${text}"`, () => {
    assert.equal(asOfParameter(text, now), parameter);
  });
}
