import assert from "node:assert/strict";
import { FakeClock } from "../shared/clock/fake_clock.ts";
import { EXEC_CODE } from "./launch.ts";
import { commands } from "./commands/mod.ts";
import { runCommandLine } from "./run.ts";

async function run(...argv: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const code = await runCommandLine(argv, {
    program: { kind: "source", root: "/opt/coracle", deno: "/opt/deno" },
    clock: new FakeClock(),
    print: (line) => out.push(line),
    printError: (line) => errors.push(line),
    env: (name) => name === "CORACLE_EXEC" ? "1" : undefined,
  });
  return { code, out: out.join("\n"), errors };
}

Deno.test("coracle without words, and help, list every command", async () => {
  for (const argv of [[], ["help"], ["--help"]]) {
    const { code, out } = await run(...argv);
    assert.equal(code, 0);
    for (const { name, summary } of commands) {
      assert.match(out, new RegExp(`^  ${name} +${summary}$`, "m"));
    }
  }
});

for (const { name, flags } of commands) {
  Deno.test(`coracle ${name} --help names every flag in lines that fit a terminal`, async () => {
    const { code, out } = await run(name, "--help");
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: coracle ${name}`));
    for (const { flag } of flags) assert.ok(out.includes(`  ${flag}`), flag);
    assert.deepEqual(out.split("\n").filter((line) => line.length > 100), []);
    assert.equal((await run("help", name)).out, out);
  });
}

const refused: readonly [argv: string[], message: string][] = [
  [["upp"], 'coracle: unknown command "upp" (did you mean up?) (see coracle --help)'],
  [["version", "now"], 'coracle: unexpected word "now" (see coracle version --help)'],
  [["up", "--dmo"], 'coracle: unknown flag "--dmo" (did you mean --demo?) (see coracle up --help)'],
  [
    ["up", "--cluster-cidr", "x"],
    'coracle: Cannot use --cluster-cidr: "x" is not an IPv4 network such as 10.96.0.0/12 (see coracle up --help)',
  ],
  [
    ["server", "--config", "/no/such"],
    "coracle: cannot read /no/such: there is no such file or directory (see coracle server --help)",
  ],
  [["agent"], "coracle: flag --server is needed: --server URL (see coracle agent --help)"],
  [
    ["agent", "--server", "http://x"],
    'coracle: Cannot use --server: "http://x" is not a URL such as https://10.0.0.1:6443 (see coracle agent --help)',
  ],
  [["token"], "coracle: a word is needed: create, list or delete (see coracle token --help)"],
  [["token", "delete"], "coracle: an ID is needed: delete ID (see coracle token --help)"],
  [
    ["token", "create", "--ttl", "soon"],
    "coracle: flag --ttl must be a time such as 30m, 24h or 7d (see coracle token --help)",
  ],
  [["completion"], "coracle: a shell is needed: bash, zsh, fish (see coracle completion --help)"],
];
for (const [argv, message] of refused) {
  Deno.test(`coracle ${argv.join(" ")} is refused in one line, with code 2`, async () => {
    const { code, out, errors } = await run(...argv);
    assert.deepEqual({ code, out, errors }, { code: 2, out: "", errors: [message] });
  });
}

Deno.test("coracle server tells the launcher what to become, with its directory made and every path absolute", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const { code, out } = await run(
      "server",
      "--data-dir",
      `${directory}/it's`,
      "--listen",
      "127.0.0.1:7443",
    );
    assert.equal(code, EXEC_CODE);
    assert.ok(out.startsWith("'/opt/deno' 'run' '--config' '/opt/coracle/deno.json'"));
    assert.ok(
      out.endsWith(
        `'/opt/coracle/control/main.ts' '--data-dir=${directory}/it'\\''s' '--listen=127.0.0.1:7443'`,
      ),
    );
    assert.equal((await Deno.stat(`${directory}/it's`)).mode! & 0o777, 0o700);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("coracle token without a server says where it looked, with code 1", async () => {
  const { code, errors } = await run("token", "list", "--data-dir", "/no/such");
  assert.equal(code, 1);
  assert.match(
    errors.join(),
    /^coracle: Cannot find \/no\/such\/admin\.kubeconfig: no server has run/,
  );
});
