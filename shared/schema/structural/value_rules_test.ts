import assert from "node:assert/strict";
import { Correlation } from "./correlation.ts";
import type { JsonSchema } from "./json_schema.ts";
import { validateValue } from "./value_rules.ts";

/** Schema, value, and the errors as `path: message`. */
type Case = readonly [schema: JsonSchema, value: unknown, ...errors: string[]];

const inBody = (value: string, rule: string) => `a: Invalid value: ${value}: a in body ${rule}`;
const notOf = (type: string, given: string) =>
  inBody(`"${given}"`, `must be of type ${type}: "${given}"`);
const text = (rules: JsonSchema): JsonSchema => ({ type: "string", ...rules });
const whole = (rules: JsonSchema): JsonSchema => ({ type: "integer", ...rules });
const either = "x-kubernetes-int-or-string";

const tables: Readonly<Record<string, readonly Case[]>> = {
  "types": [
    [text({}), "x"],
    [text({}), 5, notOf("string", "integer")],
    [text({}), null, notOf("string", "null")],
    [text({ nullable: true }), null],
    [{ type: "number" }, 1],
    [{ type: "number" }, "x", notOf("number", "string")],
    [{ type: "boolean" }, "true", notOf("boolean", "string")],
    [{ type: "object" }, [], notOf("object", "array")],
    [{ type: "array" }, "a", notOf("array", "string")],
    [{ [either]: true }, "50%"],
    [{ [either]: true }, 50],
    [{ [either]: true }, true, notOf("integer,string", "boolean")],
    [
      whole({}),
      2.5,
      notOf("integer", "number"),
      '<nil>: Invalid value: "": Checked value must be of type integer (default format) in a',
    ],
    [
      whole({ format: "int32" }),
      2 ** 31,
      '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in a',
    ],
    [whole({ format: "int32" }), 2 ** 31 - 1],
  ],
  "texts": [
    [text({ minLength: 2 }), "a", inBody('"a"', "should be at least 2 chars long")],
    [text({ maxLength: 4 }), "abcde", "a: Too long: may not be more than 4 bytes"],
    [text({ maxLength: 2 }), "äö"],
    [text({ pattern: "^[a-z]+$" }), "AB", inBody('"AB"', "should match '^[a-z]+$'")],
    [text({ pattern: "b" }), "abc"],
    [text({ enum: ["a", "b"] }), "c", 'a: Unsupported value: "c": supported values: "a", "b"'],
  ],
  "numbers": [
    [whole({ minimum: 1 }), 1],
    [whole({ minimum: 1 }), 0, inBody("0", "should be greater than or equal to 1")],
    [whole({ minimum: 1, exclusiveMinimum: true }), 1, inBody("1", "should be greater than 1")],
    [whole({ maximum: 9 }), 10, inBody("10", "should be less than or equal to 9")],
    [whole({ maximum: 9, exclusiveMaximum: true }), 9, inBody("9", "should be less than 9")],
    [{ type: "number", multipleOf: 0.5 }, 1.5],
    [{ type: "number", multipleOf: 0.5 }, 1.3, inBody("1.3", "should be a multiple of 0.5")],
    [
      { type: "number", multipleOf: 0.5 },
      2,
      "a: Invalid value: 0: factor MultipleOf declared for a must be positive: 0",
    ],
  ],
  "lists and objects": [
    [{ type: "array", minItems: 1 }, [], inBody("0", "should have at least 1 items")],
    [{ type: "array", maxItems: 1 }, [1, 2], "a: Too many: 2: must have at most 1 items"],
    [
      { type: "array", items: text({}) },
      ["x", 1],
      'a[1]: Invalid value: "integer": a[1] in body must be of type string: "integer"',
    ],
    [{ type: "object", minProperties: 1 }, {}, inBody("0", "should have at least 1 properties")],
    [
      { type: "object", maxProperties: 1 },
      { a: 1, b: 2 },
      "a: Too many: 2: must have at most 1 items",
    ],
    [{ type: "object", required: ["k"] }, {}, "a.k: Required value"],
    [
      { type: "object", additionalProperties: whole({}) },
      { k: "x" },
      'a.k: Invalid value: "string": a.k in body must be of type integer: "string"',
    ],
  ],
  "logical keywords": [
    [whole({ oneOf: [{ minimum: 5 }, { maximum: 3 }] }), 5],
    [
      whole({ oneOf: [{ minimum: 5 }, { maximum: 3 }] }),
      4,
      '<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found none valid',
      inBody("4", "should be greater than or equal to 5"),
    ],
    [
      text({ anyOf: [{ pattern: "^a" }, { pattern: "^b" }] }),
      "c",
      '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
      inBody('"c"', "should match '^a'"),
    ],
    [
      text({ allOf: [{ minLength: 2 }, { maxLength: 3 }] }),
      "a",
      inBody('"a"', "should be at least 2 chars long"),
      '<nil>: Invalid value: "": "a" must validate all the schemas (allOf)',
    ],
    [
      text({ not: { enum: ["no"] } }),
      "no",
      '<nil>: Invalid value: "": "a" must not validate the schema (not)',
    ],
    [text({ not: { enum: ["no"] } }), "yes"],
  ],
};

for (const [what, cases] of Object.entries(tables)) {
  Deno.test(`validateValue() holds ${what} against their schema`, () => {
    for (const [a, value, ...expected] of cases) {
      const schema: JsonSchema = { type: "object", properties: { a } };
      const errors = validateValue(schema, { a: value });
      const given = errors.map(({ path, message }) => `${path}: ${message}`);
      assert.deepEqual(given.toSorted(), expected.toSorted(), JSON.stringify([a, value]));
    }
  });
}

/** Format, what it takes, what it refuses. */
const formats: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["date-time", ["2024-02-29T10:00:00Z", "2024-01-01T00:00:00.5+01:00"], ["yesterday"]],
  ["date", ["2024-02-29"], ["2024-13-45", "2024-1-1"]],
  ["duration", ["5m", "1h30m", "2 days"], ["5 parsecs", ""]],
  ["ipv4", ["10.0.0.1"], ["999.1.1.1", "::1"]],
  ["ipv6", ["::1", "fe80::1"], ["10.0.0.1", "fe80::1%eth0"]],
  ["cidr", ["10.0.0.0/8", "fd00::/64"], ["1.2.3.4", "10.0.0.0/33", "fd00::/129"]],
  ["mac", ["00:11:22:33:44:55", "00-11-22-33-44-55"], ["00:11", "00:11:22:33:44:zz"]],
  ["uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["x"]],
  ["email", ["a@example.com"], ["x"]],
  ["byte", ["aGk="], ["%%"]],
  ["uri", ["https://example.com/a", "/a"], ["::", ""]],
  ["k8s-short-name", ["a-b"], ["A_b", "a.b"]],
  ["k8s-long-name", ["a.b-c"], ["A.b", "a..b"]],
  ["of-my-own", ["anything"], []],
];

Deno.test("validateValue() knows the formats of texts and lets unknown ones pass", () => {
  for (const [format, good, bad] of formats) {
    const schema: JsonSchema = { type: "string", format };
    for (const value of good) {
      assert.deepEqual(validateValue(schema, value, { path: "a" }), [], value);
    }
    for (const value of bad) {
      const [error] = validateValue(schema, value, { path: "a" });
      assert.match(error?.message ?? "valid", new RegExp(`must be of type ${format}: `), value);
    }
  }
});

Deno.test("validateValue() forgives what an update left as it was", () => {
  const item: JsonSchema = {
    type: "object",
    properties: { k: { type: "string" }, v: { type: "string", maxLength: 1 } },
  };
  const schema: JsonSchema = {
    type: "array",
    items: item,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["k"],
  };
  const old = [{ k: "a", v: "long" }, { k: "b", v: "x" }];
  const refused = (value: unknown) =>
    validateValue(schema, value, { correlation: new Correlation(value, old, schema) })
      .map(({ path }) => path);
  assert.deepEqual(refused(old.toReversed()), []);
  assert.deepEqual(refused([{ k: "b", v: "y" }, { k: "a", v: "long" }]), []);
  assert.deepEqual(refused([{ k: "a", v: "longer" }]), ["[0].v"]);
  assert.deepEqual(refused([{ k: "c", v: "long" }]), ["[0].v"]);
});

Deno.test("validateValue() does not forgive a list map that lost an item and is still too long", () => {
  const schema: JsonSchema = {
    type: "array",
    maxItems: 1,
    items: { type: "object", properties: { k: { type: "string" } } },
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["k"],
  };
  const old = [{ k: "a" }, { k: "b" }, { k: "c" }];
  const refused = (value: unknown) =>
    validateValue(schema, value, {
      path: "a",
      correlation: new Correlation(value, old, schema),
    }).length;
  assert.equal(refused(old.toReversed()), 0);
  assert.equal(refused(old.slice(1)), 1);
});
