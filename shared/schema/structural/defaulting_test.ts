import assert from "node:assert/strict";
import { applyDefaults } from "./defaulting.ts";
import type { JsonSchema } from "./json_schema.ts";
import { pruneValue } from "./decoding.ts";
import { validateListRules } from "./list_rules.ts";
import { shapeOf } from "./shape.ts";

const text: JsonSchema = { type: "string" };
const standard: JsonSchema = { type: "string", default: "d" };
const object = (properties: Record<string, JsonSchema>, rest: JsonSchema = {}): JsonSchema => ({
  type: "object",
  properties,
  ...rest,
});
const preserve = { "x-kubernetes-preserve-unknown-fields": true };

const defaulted: readonly (readonly [string, JsonSchema, unknown, unknown])[] = [
  ["an absent key", object({ a: standard }), {}, { a: "d" }],
  ["a null that may not be", object({ a: standard }), { a: null }, { a: "d" }],
  ["no null that may be", object({ a: { ...standard, nullable: true } }), { a: null }, { a: null }],
  ["no value that is there", object({ a: standard }), { a: "" }, { a: "" }],
  ["nothing within what is absent", object({ o: object({ a: standard }) }), {}, {}],
  ["what is within a default", object({ o: object({ a: standard }, { default: {} }) }), {}, {
    o: { a: "d" },
  }],
  ["items", { type: "array", items: object({ a: standard }) }, [{}, { a: "x" }], [{ a: "d" }, {
    a: "x",
  }]],
  ["values of maps", { type: "object", additionalProperties: object({ a: standard }) }, { k: {} }, {
    k: { a: "d" },
  }],
];

for (const [what, schema, value, expected] of defaulted) {
  Deno.test(`applyDefaults() fills in ${what}`, () => {
    const given = structuredClone(value);
    applyDefaults(given, shapeOf(schema));
    assert.deepEqual(given, expected);
    applyDefaults(given, shapeOf(schema));
    assert.deepEqual(given, expected, "idempotent");
  });
}

Deno.test("applyDefaults() keeps keys sorted and never shares a default between objects", () => {
  const shape = shapeOf(object({ b: text, a: object({}, { default: { x: 1 }, ...preserve }) }));
  const [one, two]: { a?: { x: number }; b: string }[] = [{ b: "x" }, { b: "y" }];
  applyDefaults(one, shape);
  applyDefaults(two, shape);
  assert.deepEqual(Object.keys(one!), ["a", "b"]);
  one!.a!.x = 2;
  assert.equal(two!.a!.x, 1);
});

const pruned: readonly (readonly [string, JsonSchema, unknown, unknown])[] = [
  ["drops what is not declared", object({ a: text }), { a: "x", b: 1 }, { a: "x" }],
  ["keeps all under preserve", object({ a: text }, preserve), { a: "x", b: { c: 1 } }, {
    a: "x",
    b: { c: 1 },
  }],
  ["prunes what is declared under preserve", object({ o: object({}) }, preserve), {
    o: { c: 1 },
    p: { c: 1 },
  }, { o: {}, p: { c: 1 } }],
  ["prunes items", { type: "array", items: object({ a: text }) }, [{ b: 1 }], [{}]],
  ["prunes values of maps", { type: "object", additionalProperties: object({ a: text }) }, {
    k: { b: 1 },
  }, { k: {} }],
];

for (const [what, schema, value, expected] of pruned) {
  Deno.test(`pruneValue() ${what}`, () => {
    assert.deepEqual(pruneValue(shapeOf(schema), value), expected);
  });
}

const map: JsonSchema = {
  type: "array",
  items: object({ k: text, v: text }),
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["k"],
};
const lists: readonly (readonly [JsonSchema, unknown, ...string[]])[] = [
  [{ type: "array", items: text, "x-kubernetes-list-type": "set" }, ["a", "b"]],
  [
    { type: "array", items: text, "x-kubernetes-list-type": "set" },
    ["a", "a", "a"],
    'l[1]: Duplicate value: "a"',
  ],
  [{ type: "array", items: text }, ["a", "a"]],
  [map, [{ k: "a", v: "x" }, { k: "b", v: "x" }]],
  [map, [{ k: "a", v: "x" }, { k: "a", v: "y" }], 'l[1]: Duplicate value: {"k":"a"}'],
];

Deno.test("validateListRules() refuses the second of equal items or keys, once each", () => {
  for (const [l, value, ...expected] of lists) {
    const errors = validateListRules(shapeOf(object({ l })), { l: value });
    assert.deepEqual(errors.map(({ path, message }) => `${path}: ${message}`), expected);
  }
});
