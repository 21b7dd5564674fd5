import assert from "node:assert/strict";
import { DecodeError } from "../schema/decode_error.ts";
import { parseJson, strictErrors } from "./json.ts";

Deno.test("parseJson() parses texts and bytes", () => {
  const text = '{"a":[1,{"b:c":"x:\\"y\\\\"}],"é":null}';
  const value = { a: [1, { "b:c": 'x:"y\\' }], é: null };
  assert.deepEqual(parseJson(text), { value, duplicateFields: [] });
  assert.deepEqual(parseJson(new TextEncoder().encode(text)), { value, duplicateFields: [] });
});

const duplicates: readonly [text: string, want: string[]][] = [
  ['{"a":1,"a":2}', ["a"]],
  ['{"m":{"name":"a","name":"b"},"d":{"x":1,"x":2}}', ["m.name", "d.x"]],
  ['{"c":[{"n":1},{"n":1,"n":2}]}', ["c[1].n"]],
  ['{"a":{"b":1},"a":{"b":2}}', ["a"]],
  ['{"\\u0061":1,"a":2}', ["a"]],
  ['{"a":"\\"a\\":1,","b":{}}', []],
];
for (const [text, want] of duplicates) {
  Deno.test(`parseJson() finds ${want.length} duplicate fields in ${text}`, () => {
    assert.deepEqual(parseJson(text).duplicateFields, want);
  });
}

Deno.test("strictErrors() gives unknown and duplicate fields in document order", () => {
  const text =
    '{"metadata":{"name":"a","name":"a"},"zzz":{"q":1,"q":1},"aaa":2,"data":{"x":"1","x":"1"}}';
  const { duplicateFields } = parseJson(text);
  assert.deepEqual(strictErrors(text, ["zzz", "aaa"], duplicateFields), [
    'duplicate field "metadata.name"',
    'unknown field "zzz"',
    'unknown field "aaa"',
    'duplicate field "data.x"',
  ]);
  assert.deepEqual(strictErrors(text, ["b", "a"], []), ['unknown field "b"', 'unknown field "a"']);
});

const broken: readonly [text: string, message: string][] = [
  ["", "unexpected end of JSON input"],
  ["[{", "unexpected end of JSON input"],
  ["tru", "unexpected end of JSON input"],
  ["nope", "invalid character 'o' in literal null (expecting 'u')"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
  ["{a}", "invalid character 'a' looking for beginning of object key string"],
  ["[1,]", "invalid character ']' looking for beginning of value"],
  ["[1 2]", "invalid character '2' after array element"],
  ["{}x", "invalid character 'x' after top-level value"],
  ["-x", "invalid character 'x' in numeric literal"],
  ["1.x", "invalid character 'x' after decimal point in numeric literal"],
  ["1ex", "invalid character 'x' in exponent of numeric literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u1g"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['"\n"', "invalid character '\\n' in string literal"],
  ["'", "invalid character '\\'' looking for beginning of value"],
  ["é", "invalid character 'Ã' looking for beginning of value"],
];
for (const [text, message] of broken) {
  Deno.test(`parseJson() says what is wrong with ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseJson(text), (error) => {
      assert.ok(error instanceof DecodeError);
      assert.equal(error.message, message);
      return true;
    });
  });
}

Deno.test("parseJson() refuses what is nested too deep, and takes what is not", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  assert.doesNotThrow(() => parseJson(nested(500)));
  assert.throws(
    () => parseJson(nested(1_000_000)),
    new DecodeError("invalid character '[' exceeded max depth"),
  );
});
