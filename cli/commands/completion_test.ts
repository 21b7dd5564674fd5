import assert from "node:assert/strict";
import { completionScript } from "./completion.ts";
import { commands } from "./mod.ts";

/** What bash offers for a line, the last word of which is being typed. */
async function offer(...words: string[]): Promise<string[]> {
  const script = `${completionScript("bash", commands)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _coracle; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, success } = await new Deno.Command("bash", {
    args: ["-c", script, "bash", ...words],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").sort();
}

Deno.test("completion for bash offers commands, words and flags", async () => {
  assert.deepEqual(await offer("coracle", "u"), ["uninstall", "up"]);
  assert.deepEqual(await offer("coracle", "token", "l"), ["list"]);
  assert.deepEqual(await offer("coracle", "up", "--de"), ["--demo"]);
  assert.deepEqual(await offer("coracle", "version", "-"), ["--help"]);
});

Deno.test("completion for zsh and fish names every command and flag", () => {
  const fish = completionScript("fish", commands);
  const zsh = completionScript("zsh", commands);
  for (const { name, flags } of commands) {
    assert.ok(fish.includes(`-f -a ${name} -d `), name);
    assert.ok(zsh.includes(`    ${name}) words=`), name);
    for (const { flag } of flags) assert.ok(fish.includes(` -l ${flag.slice(2)}`), flag);
  }
});
