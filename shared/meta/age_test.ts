import assert from "node:assert/strict";
import { ageOf, humanDuration, shortHumanDuration } from "./age.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// k8s.io/apimachinery/pkg/util/duration: which two units are shown depends on the size.
const cases: readonly (readonly [ms: number, long: string, short: string])[] = [
  [-3 * SECOND, "<invalid>", "<invalid>"],
  [-1500, "0s", "0s"],
  [0, "0s", "0s"],
  [SECOND, "1s", "1s"],
  [119 * SECOND, "119s", "1m"],
  [2 * MINUTE, "2m", "2m"],
  [9 * MINUTE + 59 * SECOND, "9m59s", "9m"],
  [10 * MINUTE + 1 * SECOND, "10m", "10m"],
  [179 * MINUTE, "179m", "2h"],
  [3 * HOUR, "3h", "3h"],
  [7 * HOUR + 59 * MINUTE, "7h59m", "7h"],
  [47 * HOUR, "47h", "1d"],
  [2 * DAY, "2d", "2d"],
  [7 * DAY + 23 * HOUR, "7d23h", "7d"],
  [729 * DAY, "729d", "1y"],
  [730 * DAY, "2y", "2y"],
  [8 * 365 * DAY - DAY, "7y364d", "7y"],
  [8 * 365 * DAY, "8y", "8y"],
];

Deno.test("humanDuration() and shortHumanDuration() round as the reference does", () => {
  for (const [ms, long, short] of cases) {
    assert.equal(humanDuration(ms), long);
    assert.equal(shortHumanDuration(ms), short);
  }
});

Deno.test("ageOf() says <unknown> for a time that was never set", () => {
  const now = Date.parse("2024-01-01T00:01:00Z");
  assert.equal(ageOf(undefined, now), "<unknown>");
  assert.equal(ageOf("2024-01-01T00:00:00Z", now), "60s");
});
