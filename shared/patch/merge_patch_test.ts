import assert from "node:assert/strict";
import { StatusError } from "../meta/status_error.ts";
import { applyMergePatch, parseMergePatch } from "./merge_patch.ts";

// RFC 7386, appendix A, as far as documents are objects.
const cases: readonly [document: unknown, patch: Record<string, unknown>, want: unknown][] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [{}, { a: [{ b: null }, null] }, { a: [{}, null] }],
  [{ a: 1 }, JSON.parse('{"__proto__":{"x":1}}'), JSON.parse('{"a":1,"__proto__":{"x":1}}')],
];
for (const [document, patch, want] of cases) {
  Deno.test(`applyMergePatch() ${JSON.stringify(document)} with ${JSON.stringify(patch)}`, () => {
    const before = JSON.stringify(document);
    assert.deepEqual(applyMergePatch(document, patch), want);
    assert.equal(JSON.stringify(document), before);
  });
}

Deno.test("parseMergePatch() wants an object and reports duplicates", () => {
  assert.deepEqual(parseMergePatch('{"data":{"x":"1","x":"2"}}'), {
    patch: { data: { x: "2" } },
    duplicateFields: ["data.x"],
  });
  const message = (body: string) => {
    try {
      parseMergePatch(body);
    } catch (error) {
      return error instanceof StatusError ? `${error.code} ${error.message}` : error;
    }
  };
  assert.equal(
    message("[]"),
    "400 error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
  );
  assert.equal(message("null"), "400 Invalid JSON Patch");
  assert.equal(message("{"), "400 error decoding patch: unexpected end of JSON input");
});
