import assert from "node:assert/strict";
import { faultsOf } from "./load.ts";

const notes: readonly [note: string | undefined, isFault: boolean][] = [
  [undefined, false],
  ["11.5 MB each", false],
  ["200 watchers, 0 missing", false],
  ["1000 nodes, 0 never bound", false],
  ["200 watchers, 30 missing", true],
  ["1000 nodes, 10 never bound", true],
  ["FAILED 3: GET /api/v1/pods: status 500", true],
  ["no event arrived", true],
  ["none was bound", true],
];
for (const [note, isFault] of notes) {
  Deno.test(`faultsOf() ${isFault ? "reports" : "accepts"} the note ${note}`, () => {
    const result = { op: "x", n: 1, per_s: 1, p50_ms: 1, p99_ms: 1, ...(note && { note }) };
    assert.deepEqual(faultsOf([result]), isFault ? [`x: ${note}`] : []);
  });
}
