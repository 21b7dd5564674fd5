import assert from "node:assert/strict";
import { crashRounds } from "./rounds.ts";

Deno.test("a store survives kill -9 under 64 writers, and so do copies of its files", async () => {
  const { rounds, acknowledged } = await crashRounds(3, 1);
  assert.equal(rounds, 3);
  assert.ok(acknowledged > 0);
});
