import assert from "node:assert/strict";
import { ConfigError } from "../../shared/config/settings.ts";
import { readDocument } from "./config_document.ts";

const kind = {
  kind: "Example",
  apiVersions: ["example.k8s.io/v1"],
  fields: {
    name: "string",
    wait: "duration",
    parts: { list: { fields: { on: "boolean", size: "integer" } } },
    byName: { map: "string" },
  },
} as const;
const head = "apiVersion: example.k8s.io/v1\nkind: Example\n";
const read = (text: string) => readDocument({ path: "e.yaml", text }, kind);

Deno.test("readDocument() gives the fields of its kind, durations as milliseconds", () => {
  assert.deepEqual(
    read(`${head}name: a\nwait: 1m30s\nparts: [{on: true, size: 3}]\nbyName: {x: y}\nmetadata: {}`),
    { name: "a", wait: 90_000, parts: [{ on: true, size: 3 }], byName: { x: "y" } },
  );
});

const refused: readonly [title: string, text: string, message: RegExp][] = [
  ["another kind", "apiVersion: example.k8s.io/v1\nkind: Other", /must be a Example of example/],
  [
    "another version",
    "apiVersion: example.k8s.io/v2\nkind: Example",
    /must be a Example of example/,
  ],
  ["a list", "- a", /^Cannot use e\.yaml: it must be a Example/],
  ["text that is not YAML", "a: [", /^Cannot read e\.yaml/],
  ["a misspelt field", `${head}nmae: a`, /unknown field "nmae"$/],
  ["a field within a list that it does not know", `${head}parts: [{of: 1}]`, /"parts\[0\]\.of"$/],
  ["a number in place of text", `${head}name: 1`, /name must be a string$/],
  ["a wait that is no duration", `${head}wait: soon`, /wait must be a duration such as 30s$/],
  [
    "every fault at once",
    `${head}name: 1\nparts: {}`,
    /name must be a string; parts must be a list/,
  ],
];
for (const [title, text, message] of refused) {
  Deno.test(`readDocument() refuses ${title}`, () => {
    assert.throws(() => read(text), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
  });
}
