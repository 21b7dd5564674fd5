import assert from "node:assert/strict";
import { DurationError, formatDuration, parseDuration } from "./duration.ts";

const texts: Readonly<Record<string, string>> = {
  "0": "0s",
  "1h30m": "1h30m0s",
  "90m": "1h30m0s",
  "1.5s": "1.5s",
  "-1.5h": "-1h30m0s",
  "100ms": "100ms",
  "1500us": "1.5ms",
  "1µs": "1µs",
  "2ns": "2ns",
  "60s": "1m0s",
  ".5m": "30s",
  "+1h": "1h0m0s",
};
for (const [given, want] of Object.entries(texts)) {
  Deno.test(`formatDuration() writes "${given}" as "${want}"`, () => {
    assert.equal(formatDuration(parseDuration(given)), want);
  });
}

const wrong: Readonly<Record<string, string>> = {
  "": 'time: invalid duration ""',
  "x": 'time: invalid duration "x"',
  "5": 'time: missing unit in duration "5"',
  "5d": 'time: unknown unit "d" in duration "5d"',
  "3000000h": 'time: invalid duration "3000000h"',
};
for (const [given, message] of Object.entries(wrong)) {
  Deno.test(`parseDuration() refuses "${given}"`, () => {
    assert.throws(() => parseDuration(given), new DurationError(message));
  });
}
