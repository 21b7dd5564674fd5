import assert from "node:assert/strict";
import { patchedText } from "./patched_text.ts";

const before = { kind: "K", metadata: { name: "a", labels: { z: "1", b: "2" } }, data: { z: "1" } };

Deno.test("patchedText() sorts the keys of objects that the patch went into, and of no others", () => {
  const after = { ...before, extra: 1, data: { z: "1", a: "2" } };
  assert.equal(
    patchedText(before, after),
    '{"data":{"a":"2","z":"1"},"extra":1,"kind":"K","metadata":{"name":"a","labels":{"z":"1","b":"2"}}}',
  );
});

Deno.test("patchedText() leaves what the patch brought as it was sent", () => {
  const after = { ...before, spec: { z: 1, a: { y: 1, b: 2 } } };
  assert.match(patchedText(before, after), /"spec":\{"z":1,"a":\{"y":1,"b":2\}\}/);
});

Deno.test("patchedText() goes into the items of lists", () => {
  const shared = { z: 1, a: 2 };
  const after = { list: [shared, { y: 1, b: 3 }] };
  assert.equal(
    patchedText({ list: [shared, { y: 1, b: 2 }] }, after),
    '{"list":[{"z":1,"a":2},{"b":3,"y":1}]}',
  );
});
