import assert from "node:assert/strict";
import { compile } from "./compile.ts";
import { kubernetesEnvironment } from "./library/kubernetes.ts";
import { toJson } from "./values/json_output.ts";

function evaluate(expression: string) {
  const compiled = compile(expression, kubernetesEnvironment);
  assert.ok(compiled.ok, compiled.ok ? "" : compiled.issues);
  return compiled.program.evaluate({ resolve: () => undefined });
}

/** Expressions that are true. Facts: the CEL specification and the documentation of Kubernetes' function libraries. */
const truths: Readonly<Record<string, readonly string[]>> = {
  "numbers": [
    "1 + 2 * 3 == 7",
    "7 / 2 == 3 && -7 / 2 == -3",
    "-7 % 3 == -1",
    "1.5 + 2.25 == 3.75",
    "2u + 3u == 5u",
    'int("42") + int(3.9) == 45',
    'double("1.5") == 1.5 && string(1.5) == "1.5"',
    "type(1) == int && type(1u) == uint && type(1.0) == double",
  ],
  "logic that needs only one side": [
    "true || 1 / 0 > 0",
    "1 / 0 > 0 || true",
    "!(false && 1 / 0 > 0)",
    "(true ? 1 : 1 / 0) == 1",
  ],
  "collections": [
    "[1, 2] + [3] == [1, 2, 3]",
    '{"a": 1}["a"] == 1 && {"a": 1}.a == 1',
    '!has({"a": 1}.b) && "a" in {"a": 1} && 2 in [1, 2]',
    'size("héllo") == 5 && [1, 2, 3].size() == 3 && size({}) == 0',
  ],
  "macros": [
    "[1, 2, 3].all(x, x > 0) && [1, 2, 3].exists(x, x == 2) && ![1, 2, 2].exists_one(x, x == 2)",
    "[1, 2, 3].map(x, x * 2) == [2, 4, 6]",
    "[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]",
    "[1, 2, 3].filter(x, x > 1) == [2, 3]",
    '{"a": 1, "b": 2}.all(k, k in ["a", "b"])',
    "[1, 2].all(i, v, v == i + 1)",
    '{"a": 1}.transformMap(k, v, v + 1) == {"a": 2}',
    "[1, 2].exists(x, 1 / (x - 1) == 1)",
  ],
  "optional values": [
    "optional.of(1).hasValue() && !optional.none().hasValue()",
    "optional.none().orValue(3) == 3 && optional.of(1).orValue(3) == 1",
    "optional.of(1).or(optional.of(2)).value() == 1",
    '{"a": 1}[?"b"].orValue(7) == 7',
    '{"a": {"b": 2}}.?a.b.orValue(0) == 2',
  ],
  "texts": [
    '"Hello".lowerAscii() == "hello" && "x".upperAscii() == "X"',
    '"a,b,c".split(",") == ["a", "b", "c"] && ["a", "b"].join("-") == "a-b"',
    '"hello".charAt(1) == "e" && "hello".indexOf("l") == 2 && "hello".lastIndexOf("l") == 3',
    '"hello".substring(1, 3) == "el" && "  x ".trim() == "x"',
    '"hello".replace("l", "L", 1) == "heLlo" && "hello".startsWith("he")',
    '"%s has %d".format(["x", 3]) == "x has 3"',
    '"abc".matches("^a.c$") && "abc 123".find("[0-9]+") == "123"',
    '"a1b2".findAll("[0-9]") == ["1", "2"]',
  ],
  "lists of Kubernetes": [
    "[3, 1, 2].max() == 3 && [3, 1, 2].min() == 1 && [1, 2, 3].sum() == 6",
    "[1, 2, 3].isSorted() && ![2, 1].isSorted()",
    "[1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2",
  ],
  "sets": [
    "sets.contains([1, 2], [1]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])",
  ],
  "quantities": [
    'quantity("1Gi").isGreaterThan(quantity("1000Mi"))',
    'quantity("500m").add(quantity("0.5")) == quantity("1")',
    'isQuantity("1Ki") && !isQuantity("1Zi") && quantity("50k").asInteger() == 50000',
  ],
  "addresses": [
    'ip("192.168.0.1").family() == 4 && isIP("::1") && ip("127.0.0.1").isLoopback()',
    'cidr("10.0.0.0/8").containsIP("10.1.2.3") && cidr("10.0.0.0/8").prefixLength() == 8',
    'cidr("10.0.0.0/8").containsCIDR(cidr("10.1.0.0/16")) && !isCIDR("10.0.0.0/99")',
    'url("https://example.com:80/a?b=c").getHostname() == "example.com" && !isURL("not a url")',
  ],
  "versions and names": [
    'semver("1.2.3").isLessThan(semver("1.10.0")) && !isSemver("1.0")',
    'format.dns1123Label().validate("Bad_Name").hasValue()',
    '!format.dns1123Label().validate("good-name").hasValue()',
  ],
  "time": [
    'timestamp("2024-01-02T03:04:05Z").getFullYear() == 2024',
    'duration("1h30m").getMinutes() == 90',
    'timestamp("2024-01-02T00:00:00Z") + duration("24h") == timestamp("2024-01-03T00:00:00Z")',
  ],
};
for (const [title, expressions] of Object.entries(truths)) {
  Deno.test(`CEL evaluates ${title}`, () => {
    for (const expression of expressions) {
      const result = evaluate(expression);
      assert.ok(result.ok && result.value === true, `${expression}: ${JSON.stringify(result)}`);
    }
  });
}

for (
  const [expression, message] of [
    ["1 / 0", "division by zero"],
    ["9223372036854775807 + 1", "integer overflow"],
    ["[1][5]", "index out of bounds: 5"],
    ['{"a": 1}["b"]', "no such key: b"],
  ] as const
) {
  Deno.test(`CEL says ${message} of ${expression}`, () => {
    const result = evaluate(expression);
    assert.ok(!result.ok);
    assert.equal(result.message, message);
    assert.equal(result.overBudget, false);
  });
}

/** The first issue of what does not compile, as cel-go words it. */
const faults: readonly (readonly [string, string])[] = [
  ["x", "ERROR: <input>:1:1: undeclared reference to 'x' (in container '')"],
  ["foo(1)", "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')"],
  [
    '"a" + 1',
    "ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'",
  ],
  [
    "1 == 1.0",
    "ERROR: <input>:1:3: found no matching overload for '_==_' applied to '(int, double)'",
  ],
  ["size(1)", "ERROR: <input>:1:5: found no matching overload for 'size' applied to '(int)'"],
  ["has(x)", "ERROR: <input>:1:5: invalid argument to has() macro"],
  [
    "[1, 2",
    "ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {']', ','}",
  ],
  ['duration("x")', "ERROR: <input>:1:10: invalid duration argument"],
  ['"a".matches("(")', "ERROR: <input>:1:13: invalid matches argument"],
];
for (const [expression, wanted] of faults) {
  Deno.test(`CEL does not compile ${expression}`, () => {
    const compiled = compile(expression, kubernetesEnvironment);
    assert.ok(!compiled.ok);
    assert.equal(compiled.issues.split("\n")[0], wanted);
  });
}

for (
  const [expression, json] of [
    ['{"list": [1, 2]}', { list: [1, 2] }],
    ["[2u]", [2]],
    ["[1.5]", [1.5]],
    ["[true, false]", [true, false]],
    ["[null]", [null]],
    ['{"a": {"b": "c"}}', { a: { b: "c" } }],
  ] as const
) {
  Deno.test(`toJson() makes JSON of ${expression}`, () => {
    const result = evaluate(expression);
    assert.ok(result.ok);
    assert.deepEqual(toJson(result.value), json);
  });
}

Deno.test("CEL ends an evaluation that costs more than it may", () => {
  const numbers = `[${Array.from({ length: 60 }, (_, i) => i).join(", ")}]`;
  const nested = (depth: number): string =>
    depth === 0 ? "true" : `${numbers}.all(x${depth}, ${nested(depth - 1)})`;
  const result = evaluate(nested(4));
  assert.ok(!result.ok && result.overBudget);
  assert.equal(result.message, "operation cancelled: actual cost limit exceeded");
});

Deno.test("CEL estimates more for what does more", () => {
  const cost = (expression: string) => {
    const compiled = compile(expression, kubernetesEnvironment);
    assert.ok(compiled.ok);
    return compiled.program.cost.max;
  };
  assert.ok(cost("[1, 2, 3].all(x, x > 0)") > cost("[1].all(x, x > 0)"));
  assert.ok(cost("1 + 1") < 10);
});

Deno.test("CEL compiles or refuses any text, and never throws", () => {
  const parts = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    ",",
    "?",
    ":",
    "a",
    "1",
    '"x"',
    "all",
    "in",
    "&&",
    "-",
    "!",
    "\\",
    "é",
  ];
  let seed = 5;
  const next = () => (seed = Math.imul(seed, 1103515245) + 12345 >>> 0) >>> 16;
  let compiled = 0;
  for (let round = 0; round < 1500; round++) {
    const text = Array.from({ length: next() % 14 }, () => parts[next() % parts.length]).join(" ");
    if (compile(text, kubernetesEnvironment).ok) compiled++;
  }
  assert.ok(compiled > 2 && compiled < 1000, String(compiled));
  for (const deep of ["(".repeat(5000) + "1" + ")".repeat(5000), "[".repeat(5000)]) {
    assert.ok(!compile(deep, kubernetesEnvironment).ok);
  }
  assert.ok(compile("!".repeat(5000) + "true", kubernetesEnvironment).ok);
});
