import assert from "node:assert/strict";
import { fromLabels, fromLabelSelector, matchEverything, parseLabelSelector } from "./labels.ts";
import { isStatus } from "./status_error.ts";
import { validateLabelSelector } from "./validate_label_selector.ts";

/** Six objects as label maps: n is the index, parity its parity, three is on every third. */
const objects = [0, 1, 2, 3, 4, 5].map((n) => ({
  n: String(n),
  parity: n % 2 === 0 ? "even" : "odd",
  ...(n % 3 === 0 && { three: "" }),
}));

const all = "012345";
const matching: readonly [string, string][] = [
  ["", all],
  ["parity=even", "024"],
  [" parity == even ", "024"],
  ["parity!=even", "135"],
  ["nosuch!=x", all],
  ["nosuch=x", ""],
  ["parity in (even,odd)", all],
  ["n in ()", ""],
  ["three in (,)", "03"],
  ["parity notin (even)", "135"],
  ["three", "03"],
  ["three=", "03"],
  ["!three", "1245"],
  ["constructor", ""],
  ["!constructor", all],
  ["n>2", "345"],
  ["n<2", "01"],
  ["parity>2", ""],
  ["parity=even,n!=0", "24"],
  ["in=x", ""],
];
for (const [text, want] of matching) {
  Deno.test(`parseLabelSelector() "${text}" selects [${want}]`, () => {
    const matcher = parseLabelSelector(text);
    assert.equal(
      objects.filter((labels) => matcher.matches(labels)).map((o) => o.n).join(""),
      want,
    );
  });
}

const namePart =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const long = "x".repeat(64);
const refusals: readonly [string, string][] = [
  ["parity in (even", "unable to parse requirement: found '', expected: ',' or ')'"],
  ["parity in even", "unable to parse requirement: found 'even' expected: '('"],
  ["=x", "found '=', expected: !, identifier, or 'end of string'"],
  ["a=b=c", "found '=', expected: ',' or 'end of string'"],
  ["parity=bad value", "found 'value', expected: ',' or 'end of string'"],
  [
    "bad key!=x",
    "unable to parse requirement: found 'key', expected: in, notin, =, ==, !=, gt, lt",
  ],
  [
    "n>x",
    "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  ["a!in (a)", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
  [",", "found ',', expected: !, identifier, or 'end of string'"],
  ["a=b,", "found '', expected: identifier after ','"],
  ["(a)", "found '(', expected: !, identifier, or 'end of string'"],
  [
    `${long}=a`,
    `unable to parse requirement: <nil>: Invalid value: "${long}": name part must be no more than 63 bytes`,
  ],
  [
    `a=${long}`,
    `unable to parse requirement: values[0][a]: Invalid value: "${long}": must be no more than 63 bytes`,
  ],
  ["a===b", "unable to parse requirement: found '=', expected: identifier"],
  ["n>=2", "unable to parse requirement: found '=', expected: identifier"],
  ["%zz", `unable to parse requirement: <nil>: Invalid value: "%zz": ${namePart}`],
];
for (const [text, message] of refusals) {
  Deno.test(`parseLabelSelector() refuses "${text.slice(0, 20)}" as the reference does`, () => {
    assert.throws(
      () => parseLabelSelector(text),
      (error) => isStatus(error, "BadRequest") && (assert.equal(error.message, message), true),
    );
  });
}

Deno.test("parseLabelSelector() gives the same matcher for the same text", () => {
  assert.equal(parseLabelSelector("a=b"), parseLabelSelector("a=b"));
});

Deno.test("toString() sorts by key and values", () => {
  const text = parseLabelSelector("z notin (b,a),c=d,!b,a>3").toString();
  assert.equal(text, "a>3,!b,c=d,z notin (a,b)");
});

Deno.test("fromLabelSelector() selects nothing without a selector and everything with an empty one", () => {
  assert.equal(fromLabelSelector(undefined).matches({ a: "b" }), false);
  assert.equal(fromLabelSelector({}).matches(undefined), true);
  assert.equal(matchEverything.matches(undefined), true);
});

Deno.test("fromLabelSelector() joins labels and expressions", () => {
  const matcher = fromLabelSelector({
    matchLabels: { a: "b" },
    matchExpressions: [
      { key: "c", operator: "In", values: ["y", "x"] },
      { key: "d", operator: "DoesNotExist" },
    ],
  });
  assert.equal(matcher.toString(), "a=b,c in (x,y),!d");
  assert.equal(matcher.matches({ a: "b", c: "x" }), true);
  assert.equal(matcher.matches({ a: "b", c: "x", d: "" }), false);
});

Deno.test("fromLabels() wants every label", () => {
  const matcher = fromLabels({ a: "1", b: "2" });
  assert.equal(matcher.matches({ a: "1", b: "2", c: "3" }), true);
  assert.equal(matcher.matches({ a: "1" }), false);
});

Deno.test("validateLabelSelector() names what is wrong with each requirement", () => {
  const errors = validateLabelSelector({
    matchLabels: { a: "b" },
    matchExpressions: [
      { key: "a", operator: "In" },
      { key: "a", operator: "Exists", values: ["x"] },
      { key: "a", operator: "Bogus" },
      { key: "", operator: "In", values: ["x"] },
    ],
  }, "spec.selector");
  assert.deepEqual(errors.map((e) => `${e.path}: ${e.message}`), [
    "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    'spec.selector.matchExpressions[2].operator: Invalid value: "Bogus": not a valid selector operator',
    'spec.selector.matchExpressions[3].key: Invalid value: "": name part must be non-empty',
    `spec.selector.matchExpressions[3].key: Invalid value: "": ${namePart}`,
  ]);
});
