import assert from "node:assert/strict";
import { pemBlocks, pemBlocksOfBytes } from "./pem.ts";

Deno.test("pemBlocks() reads blocks and skips text between them", () => {
  const text = "hello\n-----BEGIN A-----\neA\n==\n-----END A-----\nbetween\n" +
    "-----BEGIN B-----\nK: v\n\neQ==\n-----END B-----\n";
  assert.deepEqual(pemBlocks(text), [
    { type: "A", hasHeaders: false, data: "eA==" },
    { type: "B", hasHeaders: true, data: "eQ==" },
  ]);
});

Deno.test("pemBlocks() ignores blocks that do not end or hold no base64", () => {
  assert.deepEqual(pemBlocks("-----BEGIN A-----\neA==\n"), []);
  assert.deepEqual(pemBlocks("-----BEGIN A-----\n!!\n-----END A-----"), []);
});

Deno.test("pemBlocksOfBytes() finds nothing in what is not base64", () => {
  assert.deepEqual(pemBlocksOfBytes("!"), []);
  assert.deepEqual(pemBlocksOfBytes(undefined), []);
});
