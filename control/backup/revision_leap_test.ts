import assert from "node:assert/strict";
import type { Revision } from "../storage/storage.ts";
import { leap } from "./revision_leap.ts";

const HOUR = 3_600_000;

Deno.test("leap() goes above all that the server could have given since the backup", () => {
  const given = 1_000_000 + 100_000 * 24 * 3600;
  assert.ok(leap(1_000_000 as Revision, 24 * HOUR) > given);
});

Deno.test("leap() goes above what a server restored from the same file an hour before could have given", () => {
  const first = leap(500 as Revision, 2 * HOUR);
  assert.ok(leap(500 as Revision, 3 * HOUR) > first + 100_000 * 3600);
});

Deno.test("leap() leaps also by a clock that is behind", () => {
  assert.ok(leap(500 as Revision, -24 * HOUR) >= 500 + 2 ** 40);
});

Deno.test("leap() can be made thousands of times, and refuses where no revisions would be left", () => {
  let revision = 1 as Revision;
  for (let i = 0; i < 8000; i++) revision = leap(revision, 0);
  assert.ok(Number.isSafeInteger(revision));
  assert.throws(() => leap(Number.MAX_SAFE_INTEGER - 2 ** 40 as Revision, 0), RangeError);
});
