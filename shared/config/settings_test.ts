import assert from "node:assert/strict";
import {
  ConfigError,
  flagsOf,
  isCidr,
  isOneOf,
  readSettings,
  type Setting,
  withAbsolutePaths,
} from "./settings.ts";

interface Example {
  readonly dir: string;
  readonly cidr: string;
  readonly count: number;
  readonly parts: readonly string[];
  readonly own: boolean;
}
const settings: readonly Setting<keyof Example>[] = [
  { key: "dir", flag: "--dir", value: "DIR", default: "/d", help: "" },
  { key: "cidr", flag: "--cidr", value: "CIDR", default: "10.0.0.0/8", help: "", check: isCidr },
  { key: "count", flag: "--count", value: "N", default: 3, help: "" },
  { key: "parts", flag: "--parts", value: "P", default: [], help: "", check: isOneOf(["a", "b"]) },
  { key: "own", flag: "--own", default: true, help: "" },
];
const read = (flags: Record<string, string>, text?: string) =>
  readSettings<Example>(settings, flags, text === undefined ? undefined : { path: "c.yaml", text });

Deno.test("readSettings() lets flags win over the file, and the file over defaults", () => {
  assert.deepEqual(read({ "--dir": "/flag" }, "dir: /file\ncount: 7\nparts: [a, b]\nown: false"), {
    dir: "/flag",
    cidr: "10.0.0.0/8",
    count: 7,
    parts: ["a", "b"],
    own: false,
  });
});

Deno.test("readSettings() takes an empty file", () => {
  assert.deepEqual(read({}, ""), read({}));
});

const refused: readonly [title: string, flags: Record<string, string>, text: string, RegExp][] = [
  ["an unknown key", {}, "dirr: x", /^Cannot use c\.yaml: unknown key "dirr" \(known: dir, cidr/],
  ["text that is not YAML", {}, "a: [", /^Cannot read c\.yaml/],
  ["a list instead of a map", {}, "- dir", /must be a map of settings/],
  ["a map as a value", {}, "dir: {a: b}", /^Cannot use dir in c\.yaml: it must be a single value/],
  ["a value of the file that will not do", {}, "cidr: 1.2.3.4", /^Cannot use cidr in c\.yaml: "1/],
  [
    "a flag that will not do",
    { "--cidr": "10.0.0.0/40" },
    "",
    /^Cannot use --cidr: .*IPv4 network/,
  ],
  ["an item of a list", { "--parts": "a,c" }, "", /"c" is not one of a, b$/],
  ["a switch that is neither true nor false", {}, "own: perhaps", /own in c\.yaml: "perhaps"/],
];
for (const [title, flags, text, message] of refused) {
  Deno.test(`readSettings() refuses ${title}`, () => {
    assert.throws(() => read(flags, text), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("flagsOf() gives what readSettings() makes the same configuration of", () => {
  const config = read({}, "dir: /with space\ncount: 9\nparts: [b, a]\nown: false");
  const flags = flagsOf(settings, config);
  assert.deepEqual(flags, ["--dir=/with space", "--count=9", "--parts=b,a", "--own=false"]);
  const again = Object.fromEntries(flags.map((flag) => flag.split("=", 2) as [string, string]));
  assert.deepEqual(read(again), config);
  assert.deepEqual(flagsOf(settings, read({})), []);
});

Deno.test("withAbsolutePaths() changes the paths that are given, and nothing else", () => {
  const some: readonly Setting<"file" | "other" | "name">[] = [
    { key: "file", flag: "--file", value: "FILE", default: "", help: "", path: true },
    { key: "other", flag: "--other", value: "FILE", default: "", help: "", path: true },
    { key: "name", flag: "--name", value: "NAME", default: "", help: "" },
  ];
  const config = { file: "a", other: "", name: "b" };
  assert.deepEqual(withAbsolutePaths(some, config, (path) => `/here/${path}`), {
    file: "/here/a",
    other: "",
    name: "b",
  });
});
