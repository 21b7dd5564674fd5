import assert from "node:assert/strict";
import { grow } from "./growth.ts";

/** More for a long run: GROWTH_HOURS=24. */
const hours = Number(Deno.env.get("GROWTH_HOURS") ?? 1);

Deno.test(`a store keeps its size through ${hours} hours of a cluster's churn`, async () => {
  const { written, file, wal, fill } = await grow(hours, 1);
  assert.ok(file + wal < written, `${file} bytes and ${wal} of log after ${written}`);
  // The limit is one that is reached.
  assert.ok(fill > 0.2 && fill <= 1, `${fill} of the limit`);
});
