import assert from "node:assert/strict";
import { normalizeMicroTime, normalizeTime, TimeError } from "./time.ts";

const times: readonly [given: string, want: string | undefined][] = [
  ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"],
  ["2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59Z"],
  ["2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z"],
  ["0001-01-01T00:00:00Z", undefined],
];
for (const [given, want] of times) {
  Deno.test(`normalizeTime() reads ${given}`, () => assert.equal(normalizeTime(given), want));
}

const layout = "2006-01-02T15:04:05Z07:00";
const wrong: readonly [given: string, message: string][] = [
  ["x", `parsing time "x" as "${layout}": cannot parse "x" as "2006"`],
  ["2024-01-02", `parsing time "2024-01-02" as "${layout}": cannot parse "" as "T"`],
  ["2024-13-02T03:04:05Z", 'parsing time "2024-13-02T03:04:05Z": month out of range'],
  ["2023-02-29T03:04:05Z", 'parsing time "2023-02-29T03:04:05Z": day out of range'],
  ["2024-01-02T03:04:05Zx", 'parsing time "2024-01-02T03:04:05Zx": extra text: "x"'],
];
for (const [given, message] of wrong) {
  Deno.test(`normalizeTime() refuses ${given}`, () => {
    assert.throws(() => normalizeTime(given), new TimeError(message));
  });
}

Deno.test("normalizeMicroTime() wants six digits", () => {
  assert.equal(
    normalizeMicroTime("2024-01-02T05:04:05.123456+02:00"),
    "2024-01-02T03:04:05.123456Z",
  );
  assert.throws(
    () => normalizeMicroTime("2024-01-02T03:04:05Z"),
    new TimeError(
      'parsing time "2024-01-02T03:04:05Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ),
  );
});
