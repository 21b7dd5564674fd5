import assert from "node:assert/strict";
import { parseFieldSelector } from "./fields.ts";
import { isStatus } from "./status_error.ts";

const pods = [
  { "metadata.name": "p1", "spec.nodeName": "" },
  { "metadata.name": "p2", "spec.nodeName": "n1" },
  { "metadata.name": "p,3", "spec.nodeName": "n2" },
];
const matching: readonly [string, string][] = [
  ["", "p1 p2 p,3"],
  ["=", "p1 p2 p,3"],
  ["metadata.name=p1", "p1"],
  ["metadata.name==p1", "p1"],
  ["metadata.name!=p1", "p2 p,3"],
  ["metadata.name=p1,metadata.name=p2", ""],
  ["spec.nodeName=", "p1"],
  ["spec.nodeName!=,metadata.name!=p2", "p,3"],
  ["metadata.name=p\\,3", "p,3"],
];
for (const [text, want] of matching) {
  Deno.test(`parseFieldSelector() "${text}" selects [${want}]`, () => {
    const matcher = parseFieldSelector(text);
    const found = pods.filter((pod) => matcher.matches((f) => pod[f as keyof typeof pod] ?? ""));
    assert.equal(found.map((pod) => pod["metadata.name"]).join(" "), want);
  });
}

const refusals: readonly [string, string][] = [
  ["a=b,metadata.name", "invalid selector: 'a=b,metadata.name'; can't understand 'metadata.name'"],
  ["metadata.name>c1", "invalid selector: 'metadata.name>c1'; can't understand 'metadata.name>c1'"],
  ["a=b=c", "invalid field selector: unescaped character in value: 61"],
  ["a=b\\c", "invalid field selector: invalid escape sequence: \\c"],
  ["a=b\\", "invalid field selector: invalid escape sequence: \\"],
];
for (const [text, message] of refusals) {
  Deno.test(`parseFieldSelector() refuses "${text}"`, () => {
    assert.throws(
      () => parseFieldSelector(text),
      (error) => isStatus(error, "BadRequest") && (assert.equal(error.message, message), true),
    );
  });
}

Deno.test("exactValue() and toString() show what was asked", () => {
  const matcher = parseFieldSelector("b!=x,a=y\\=z");
  assert.equal(matcher.exactValue("a"), "y=z");
  assert.equal(matcher.exactValue("b"), undefined);
  assert.equal(matcher.toString(), "a=y\\=z,b!=x");
});
