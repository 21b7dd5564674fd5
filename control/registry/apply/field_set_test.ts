import assert from "node:assert/strict";
import {
  decodeFieldSet,
  difference,
  type FieldSet,
  fieldSet,
  has,
  intersection,
  leaves,
  paths,
  recursiveDifference,
  union,
} from "./field_set.ts";
import { showElement } from "./path_element.ts";

const a: FieldSet = { "f:m": { ".": {}, "f:x": {}, "f:y": {} }, "f:s": {} };
const b: FieldSet = { "f:m": { ".": {}, "f:y": {}, "f:z": {} }, "f:t": {} };

for (
  const { title, got, want } of [
    {
      title: "union() keeps the order of the reference",
      got: union(a, b),
      want: { "f:m": { ".": {}, "f:x": {}, "f:y": {}, "f:z": {} }, "f:s": {}, "f:t": {} },
    },
    {
      title: "union() marks a member that gets children",
      got: union({ "f:m": {} }, { "f:m": { "f:x": {} } }),
      want: { "f:m": { ".": {}, "f:x": {} } },
    },
    {
      title: "difference() takes equal paths only",
      got: difference(a, { "f:m": {}, "f:s": { "f:below": {} } }),
      want: { "f:m": { "f:x": {}, "f:y": {} }, "f:s": {} },
    },
    { title: "difference() leaves no empty parents", got: difference(a, a), want: {} },
    {
      title: "recursiveDifference() takes what is below a path too",
      got: recursiveDifference(a, { "f:m": {} }),
      want: { "f:s": {} },
    },
    {
      title: "intersection() has the paths of both",
      got: intersection(a, b),
      want: { "f:m": { ".": {}, "f:y": {} } },
    },
    {
      title: "leaves() leaves out members with members below",
      got: leaves(a),
      want: { "f:m": { "f:x": {}, "f:y": {} }, "f:s": {} },
    },
    {
      title: "fieldSet() is made of paths",
      got: fieldSet(["f:status"], ["f:metadata", "f:labels"]),
      want: { "f:metadata": { "f:labels": {} }, "f:status": {} },
    },
    {
      title: "decodeFieldSet() sorts, completes keys and drops what it does not know",
      got: decodeFieldSet({
        "f:p": {
          'k:{"q":"TCP","p":443}': { ".": {}, "x:new": {} },
          'k:{"p":80,"q":"TCP"}': { "f:q": {} },
        },
        "f:a": { 'v:"<"': {}, "v:10": {}, "v:9": {}, "i:2": {} },
      }),
      want: {
        "f:a": { "v:9": {}, "v:10": {}, 'v:"\\u003c"': {}, "i:2": {} },
        "f:p": { 'k:{"p":80,"q":"TCP"}': { "f:q": {} }, 'k:{"p":443,"q":"TCP"}': {} },
      },
    },
  ]
) {
  // Text, because the order of the elements is part of the contract.
  Deno.test(title, () => assert.equal(JSON.stringify(got), JSON.stringify(want)));
}

Deno.test("set operations that change nothing return their argument", () => {
  assert.equal(union(a, { "f:s": {} }), a);
  assert.equal(difference(a, { "f:q": {} }), a);
});

Deno.test("has() takes members only", () => {
  assert.ok(has(a, ["f:m"]) && has(a, ["f:m", "f:x"]));
  assert.ok(!has({ "f:m": { "f:x": {} } }, ["f:m"]) && !has(a, ["f:m", "f:z"]) && !has(a, []));
});

Deno.test("paths() lists the members of a level before those below it", () => {
  const shown = paths({
    "f:l": { 'k:{"n":"x","p":1}': { ".": {}, "f:n": {} } },
    "f:z": {},
    "f:s": { 'v:"a"': {} },
  });
  assert.deepEqual(shown.map((path) => path.map(showElement).join("")), [
    ".z",
    '.l[n="x",p=1]',
    '.l[n="x",p=1].n',
    '.s[="a"]',
  ]);
});

for (const json of [5, { f: {} }, { "nocolon": {} }, { "k:[]": {} }, { "i:x": {} }, { "f:a": 1 }]) {
  Deno.test(`decodeFieldSet() refuses ${JSON.stringify(json)}`, () => {
    assert.throws(() => decodeFieldSet(json), TypeError);
  });
}
