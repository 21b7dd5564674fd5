import assert from "node:assert/strict";
import { type Flag, parseArguments, UsageError } from "./arguments.ts";

const flags: readonly Flag[] = [
  { flag: "--namespace", short: "-n", value: "NAME", help: "" },
  { flag: "--data-dir", value: "DIR", help: "" },
  { flag: "--labels", value: "LIST", help: "" },
  { flag: "--demo", help: "" },
];

const good: readonly [title: string, argv: string[], flags: object, positionals: string[]][] = [
  ["a flag with its value beside it", ["--data-dir", "/d"], { "--data-dir": "/d" }, []],
  ["a flag with its value behind =", ["--data-dir=/a=b"], { "--data-dir": "/a=b" }, []],
  ["the short form of a flag", ["-n", "shop"], { "--namespace": "shop" }, []],
  ["an empty value", ["--data-dir="], { "--data-dir": "" }, []],
  ["switches", ["--demo", "-h"], { "--demo": "true", "--help": "true" }, []],
  ["a switch that is off", ["--demo=false"], { "--demo": "false" }, []],
  [
    "values of a repeated flag as a list",
    ["--labels=a", "--labels", "b"],
    { "--labels": "a,b" },
    [],
  ],
  ["words and what follows --", ["create", "--", "--demo"], {}, ["create", "--demo"]],
  ["a value that begins with one dash", ["--data-dir", "-"], { "--data-dir": "-" }, []],
];
for (const [title, argv, wantFlags, wantPositionals] of good) {
  Deno.test(`parseArguments() takes ${title}`, () => {
    const { flags: got, positionals } = parseArguments(argv, flags);
    assert.deepEqual({ ...got }, wantFlags);
    assert.deepEqual(positionals, wantPositionals);
  });
}

const bad: readonly [title: string, argv: string[], message: RegExp][] = [
  ["an unknown flag", ["--nonsense"], /^unknown flag "--nonsense"$/],
  ["a misspelt flag, naming the right one", ["--data-dri", "x"], /did you mean --data-dir\?/],
  ["a flag without its value", ["--data-dir"], /needs a value: --data-dir DIR/],
  ["a flag in the place of a value", ["--data-dir", "--demo"], /needs a value/],
  ["a switch with a value", ["--demo=yes"], /--demo takes no value/],
  ["a single letter that it does not know", ["-x"], /unknown flag "-x"/],
];
for (const [title, argv, message] of bad) {
  Deno.test(`parseArguments() refuses ${title}`, () => {
    assert.throws(() => parseArguments(argv, flags), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  });
}
