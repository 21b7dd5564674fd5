import assert from "node:assert/strict";
import { applyJsonPatch, parseJsonPatch } from "./json_patch.ts";
import { StatusError } from "../meta/status_error.ts";

const cases: readonly (readonly [object, string])[] = [
  [
    { op: "add", path: "/x/y", value: 1 },
    'add operation does not apply: doc is missing path: "/x/y": missing value',
  ],
  [
    { op: "remove", path: "/x" },
    "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
  ],
  [
    { op: "remove", path: "/list/7" },
    "error in remove for path: '/list/7': Unable to access invalid index: 7: invalid index referenced",
  ],
  [
    { op: "add", path: "/list/x", value: 1 },
    "error in add for path: '/list/x': value was not a proper array index: 'x': " +
    'strconv.Atoi: parsing "x": invalid syntax',
  ],
  [
    { op: "replace", path: "/x/y", value: 1 },
    "replace operation does not apply: doc is missing path: /x/y: missing value",
  ],
  [
    { op: "replace", path: "/list/7", value: 1 },
    "replace operation does not apply: doc is missing key: /list/7: missing value",
  ],
  [{ op: "test", path: "/a", value: 2 }, "testing value /a failed: test failed"],
  [
    { op: "test", path: "/x/y", value: 2 },
    "test operation does not apply: is missing path: /x/y: missing value",
  ],
  [
    { op: "move", from: "/x/y", path: "/b" },
    "move operation does not apply: doc is missing from path: /x/y: missing value",
  ],
  [
    { op: "copy", from: "/a", path: "/x/y" },
    "copy operation does not apply: doc is missing destination path: /x/y: missing value",
  ],
  [
    { op: "copy", from: "/list/7", path: "/b" },
    "error in copy for from: '/list/7': Unable to access invalid index: 7: invalid index referenced",
  ],
  [{ op: "dance", path: "/a" }, "Unexpected kind: dance"],
];

for (const [operation, want] of cases) {
  Deno.test(`applyJsonPatch() tells the cause of a failure: ${want}`, () => {
    const { operations } = parseJsonPatch(JSON.stringify([operation]));
    const failing = () => applyJsonPatch({ a: 1, list: [1] }, operations);
    assert.throws(failing, (error: unknown) => {
      assert.ok(error instanceof StatusError && error.cause instanceof Error);
      return error.cause.message === want;
    });
  });
}
