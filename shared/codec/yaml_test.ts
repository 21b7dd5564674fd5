import assert from "node:assert/strict";
import { seededRandom } from "../clock/random.ts";
import { DecodeError } from "../schema/decode_error.ts";
import { encodeYaml, parseYaml, yamlStrictError } from "./yaml.ts";

const values: readonly [text: string, want: unknown][] = [
  ["name: y", { name: true }],
  ["- off\n- 'no'\n- \"yes\"\n- ~\n-", [false, "no", "yes", null, null]],
  ["- 010\n- 0x10\n- 0b11\n- 1_000\n- 0o17\n- -5", [8, 16, 3, 1000, 15, -5]],
  ["- 1.5\n- 1e3\n- .5\n- 1:30\n- 1.2.3", [1.5, 1000, 0.5, "1:30", "1.2.3"]],
  ["a: 2024-01-02", { a: "2024-01-02" }],
  ["1: a\ntrue: b\n1.5: c", { 1: "a", true: "b", 1.5: "c" }],
  ['a: !!str 5\nb: !!int "5"', { a: "5", b: 5 }],
  ["a: |\n  x\n  y\n", { a: "x\ny\n" }],
  ["b: &b {x: 1, y2: 2}\nd:\n  <<: *b\n  x: 3\n", { b: { x: 1, y2: 2 }, d: { x: 3, y2: 2 } }],
  ['{"a": [1, {"b": "c"}]}', { a: [1, { b: "c" }] }],
  ["a: 1\n---\nb: 2\n", { a: 1 }],
  ["# nothing\n", null],
];
for (const [text, want] of values) {
  Deno.test(`parseYaml() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseYaml(text), { value: want, duplicateKeys: [] });
  });
}

Deno.test("parseYaml() reports duplicate keys with their line and keeps the last", () => {
  const parsed = parseYaml("kind: ConfigMap\ndata:\n  k: a\n  k: b\n");
  assert.deepEqual(parsed, {
    value: { kind: "ConfigMap", data: { k: "b" } },
    duplicateKeys: ['line 4: key "k" already set in map'],
  });
  assert.equal(
    yamlStrictError(parsed.duplicateKeys),
    'yaml: unmarshal errors:\n  line 4: key "k" already set in map',
  );
});

const bombs = "bcdefghi".split("").map((name, i) => {
  const aliases = Array<string>(10).fill(`*${"abcdefghi"[i]}`).join(",");
  return `${name}: &${name} [${aliases}]`;
});
const broken: readonly [text: string, message: string][] = [
  ["a: [", "yaml: line 1: did not find expected node content"],
  ["a: *x", "yaml: unknown anchor 'x' referenced"],
  ["a: &a [*a]", "yaml: anchor 'a' value contains itself"],
  [`a: &a [1,1,1,1,1,1]\n${bombs.join("\n")}`, "yaml: document contains excessive aliasing"],
  ["a: .inf", "json: unsupported value: +Inf"],
];
for (const [text, message] of broken) {
  Deno.test(`parseYaml() refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.throws(() => parseYaml(text), new DecodeError(message));
  });
}

Deno.test("parseYaml() survives hostile nesting", () => {
  assert.throws(() => parseYaml("[".repeat(100_000)), DecodeError);
  assert.throws(() => parseYaml(`${"[".repeat(2000)}${"]".repeat(2000)}`), DecodeError);
});

Deno.test("encodeYaml() sorts keys and keeps strings that look like something else", () => {
  const text = encodeYaml({
    kind: "ConfigMap",
    apiVersion: "v1",
    data: { port: "80", flag: "yes", note: "a\nb\n", when: "2024-01-02" },
    items: [{ b: 1, a: [] }],
  });
  assert.equal(
    text,
    [
      "apiVersion: v1",
      "data:",
      '  flag: "yes"',
      "  note: |",
      "    a",
      "    b",
      '  port: "80"',
      '  when: "2024-01-02"',
      "items:",
      "- a: []",
      "  b: 1",
      "kind: ConfigMap",
      "",
    ].join("\n"),
  );
});

Deno.test("parseYaml() reads back what encodeYaml() writes, for random values", () => {
  const random = seededRandom(11);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random.float() * list.length)]!;
  const texts = ["", "y", "No", "null", "~", "0x1", "1e5", "012", " a ", "a: b", "#c", "- d", "<<"];
  const scalars = [
    ...texts,
    "it's",
    '"q"',
    "x\ny",
    "é",
    "*a",
    "&b",
    "!t",
    "@",
    0,
    -1.5,
    true,
    null,
  ];
  const value = (depth: number): unknown => {
    const kind = random.float();
    if (depth === 0 || kind < 0.4) return pick(scalars);
    const length = Math.floor(random.float() * 4);
    if (kind < 0.7) return Array.from({ length }, () => value(depth - 1));
    const entries = Array.from({ length }, () => [`k${pick(texts)}`, value(depth - 1)] as const);
    return Object.fromEntries(entries);
  };
  for (let i = 0; i < 300; i++) {
    const given = { root: value(4) };
    assert.deepEqual(parseYaml(encodeYaml(given)).value, given);
  }
});

Deno.test("parseYaml() reads JSON as JSON, but for what YAML says of it otherwise", () => {
  const text = '{"a":{"b":[1,true,null,"y","\\u00e9"]},"n":12.50}\n';
  assert.deepEqual(parseYaml(text), {
    value: { a: { b: [1, true, null, "y", "\u00e9"] }, n: 12.5 },
    duplicateKeys: [],
  });
  assert.deepEqual(parseYaml('{"a":1,\n"a":2}').duplicateKeys, [
    'line 2: key "a" already set in map',
  ]);
  assert.deepEqual(parseYaml("{a: b}").value, { a: "b" });
});
