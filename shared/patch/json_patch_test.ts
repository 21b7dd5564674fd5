import assert from "node:assert/strict";
import { StatusError } from "../meta/status_error.ts";
import { applyJsonPatch, parseJsonPatch } from "./json_patch.ts";

function apply(document: unknown, operations: unknown): unknown {
  return applyJsonPatch(document, parseJsonPatch(JSON.stringify(operations)).operations);
}

const applied: readonly [title: string, document: unknown, operations: unknown[], want: unknown][] =
  [
    ["adds members", { a: {} }, [{ op: "add", path: "/a/b", value: 1 }], { a: { b: 1 } }],
    ["adds null for a missing value", {}, [{ op: "add", path: "/a" }], { a: null }],
    ["inserts into lists", { l: [1, 3] }, [{ op: "add", path: "/l/1", value: 2 }], {
      l: [1, 2, 3],
    }],
    ["appends with -", { l: [1] }, [{ op: "add", path: "/l/-", value: 2 }], { l: [1, 2] }],
    ["counts negative indices from the end", { l: [1, 2] }, [{ op: "remove", path: "/l/-1" }], {
      l: [1],
    }],
    ["creates a member by replace", {}, [{ op: "replace", path: "/a", value: 1 }], { a: 1 }],
    ["replaces the whole document", { a: 1 }, [{ op: "replace", path: "", value: { b: 1 } }], {
      b: 1,
    }],
    ["unescapes keys", { "a/b": { "~1": 1 } }, [{ op: "remove", path: "/a~1b/~01" }], {
      "a/b": {},
    }],
    ["ignores what is before the first slash", {}, [{ op: "add", path: "data/k", value: 1 }], {
      k: 1,
    }],
    ["moves", { a: { x: 1 } }, [{ op: "move", from: "/a/x", path: "/y" }], { a: {}, y: 1 }],
    ["copies by value", { a: { x: 1 } }, [
      { op: "copy", from: "/a", path: "/b" },
      { op: "add", path: "/b/x", value: 2 },
    ], { a: { x: 1 }, b: { x: 2 } }],
    ["tests deeply, whatever the order of keys", { a: { x: [1], y: null } }, [
      { op: "test", path: "/a", value: { y: null, x: [1] } },
      { op: "test", path: "/missing", value: null },
    ], { a: { x: [1], y: null } }],
    ["takes __proto__ for a key", {}, [
      { op: "add", path: "/__proto__", value: { polluted: true } },
    ], JSON.parse('{"__proto__":{"polluted":true}}')],
  ];
for (const [title, document, operations, want] of applied) {
  Deno.test(`applyJsonPatch() ${title}`, () => {
    const before = JSON.stringify(document);
    assert.deepEqual(apply(document, operations), want);
    assert.equal(JSON.stringify(document), before, "the document has changed");
  });
}

Deno.test("applyJsonPatch() shares what does not change", () => {
  const document = { kept: { a: 1 }, changed: { b: 1 } };
  const out = apply(document, [{ op: "add", path: "/changed/c", value: 1 }]) as typeof document;
  assert.equal(out.kept, document.kept);
});

const document = { data: { k: "v" }, l: [1] };
const refused: readonly [title: string, operation: object][] = [
  ["a failed test", { op: "test", path: "/data/k", value: "wrong" }],
  ["a member to remove that is not there", { op: "remove", path: "/data/nosuch" }],
  ["a missing parent", { op: "add", path: "/nosuch/deep", value: 1 }],
  ["an index out of range", { op: "remove", path: "/l/7" }],
  ["an index that is no number", { op: "add", path: "/l/x", value: 1 }],
  ["an unknown operation", { op: "bogus", path: "/data/k" }],
  ["a missing path", { op: "add", value: 1 }],
  ["an empty path to add to", { op: "add", path: "", value: {} }],
  ["a parent that is a text", { op: "add", path: "/data/k/x", value: 1 }],
  ["an inherited member", { op: "remove", path: "/data/toString" }],
];
for (const [title, operation] of refused) {
  Deno.test(`applyJsonPatch() refuses ${title}`, () => {
    assert.throws(() => apply(document, [operation]), (error) => {
      assert.ok(error instanceof StatusError);
      assert.deepEqual(error.toStatus(), {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: "the server rejected our request due to an error in our request",
        reason: "Invalid",
        details: {},
        code: 422,
      });
      return true;
    });
  });
}

Deno.test("applyJsonPatch() stops copies that would blow up the document", () => {
  const doubling = Array.from({ length: 40 }, (_, i) => ({ op: "copy", from: "", path: `/c${i}` }))
    .flatMap(({ path }) => [{ op: "copy", from: "/a", path: `/a${path}` }]);
  assert.throws(() => apply({ a: { x: "y".repeat(100) } }, doubling), StatusError);
});

const malformed: readonly [body: string, code: number, message: string][] = [
  ["[{", 400, "invalid JSON patch"],
  ["", 400, "invalid JSON patch"],
  [
    '{"data":{}}',
    400,
    "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
  ],
  [
    '["x"]',
    400,
    "error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp",
  ],
  [
    '[{"op":5}]',
    400,
    "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
  ],
  [
    `[${Array(10_001).fill("{}").join(",")}]`,
    413,
    "The allowed maximum operations in a JSON patch is 10000, got 10001",
  ],
];
for (const [body, code, message] of malformed) {
  Deno.test(`parseJsonPatch() refuses ${body.slice(0, 20)} with ${code}`, () => {
    assert.throws(() => parseJsonPatch(body), (error) => {
      assert.ok(error instanceof StatusError);
      assert.deepEqual([error.code, error.message], [code, message]);
      return true;
    });
  });
}

Deno.test("parseJsonPatch() reports duplicate and unknown members", () => {
  const body = '[{"op":"add","op":"add","path":"/a","value":1},{"op":"add","extra":1}]';
  assert.deepEqual(parseJsonPatch(body).strictErrors, [
    'json patch duplicate field "[0].op"',
    'json patch unknown field "[1].extra"',
  ]);
});
