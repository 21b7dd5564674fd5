import assert from "node:assert/strict";
import { goText } from "./go_text.ts";

Deno.test("goText() prints as Go does", () => {
  assert.equal(goText({ b: [1, "x", null], a: { c: true } }), "map[a:map[c:true] b:[1 x <nil>]]");
});
