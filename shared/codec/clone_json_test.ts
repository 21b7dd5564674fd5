import assert from "node:assert/strict";
import { cloneJson } from "./clone_json.ts";

Deno.test("cloneJson() copies everything that JSON can say, and shares nothing", () => {
  const value = JSON.parse('{"a":[1,{"b":null}],"c":{"d":true},"__proto__":{"e":"f"}}');
  const copy = cloneJson(value);
  assert.equal(JSON.stringify(copy), JSON.stringify(value));
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  copy.a[1].b = 2;
  copy.c.d = false;
  assert.equal(value.a[1].b, null);
  assert.equal(value.c.d, true);
});

Deno.test("cloneJson() keeps absent and undefined fields apart", () => {
  assert.deepEqual(Object.keys(cloneJson({ a: undefined, b: 1 })), ["a", "b"]);
});
