import assert from "node:assert/strict";
import { locateProgram } from "./program.ts";

const { root } = locateProgram();

interface Run {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** Runs the launcher from a copied checkout whose path holds blanks, with nothing but `programs` beside the system's tools. */
async function launch(
  argv: readonly string[],
  programs: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const directory = await Deno.makeTempDir({ prefix: "a checkout with blanks " });
  try {
    const checkout = `${directory}/it's here`;
    await Deno.mkdir(`${checkout}/.coracle`, { recursive: true });
    await Deno.copyFile(`${root}/coracle`, `${checkout}/coracle`);
    await Deno.copyFile(`${root}/deno.lock`, `${checkout}/deno.lock`);
    await Deno.mkdir(`${directory}/bin`);
    for (const [name, script] of Object.entries(programs)) {
      await Deno.writeTextFile(`${directory}/bin/${name}`, `#!/bin/sh\n${script}\n`, {
        mode: 0o755,
      });
    }
    const { code, stdout, stderr } = await new Deno.Command(`${checkout}/coracle`, {
      args: [...argv],
      cwd: "/",
      clearEnv: true,
      env: { PATH: `${directory}/bin:/usr/bin:/bin`, HOME: directory },
    }).output();
    const text = (bytes: Uint8Array) =>
      new TextDecoder().decode(bytes).replaceAll(checkout, "CHECKOUT");
    return { code, out: text(stdout), errors: text(stderr) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A Deno that says what it was told. */
const deno = (version: string) =>
  `[ "$1" = --version ] && { echo "deno ${version} (stable)"; exit; }; [ "$1" = cache ] && exit; for a do echo "<$a>"; done`;

for (const shell of ["sh", "bash"]) {
  Deno.test(`the launcher is a script that ${shell} can read`, async () => {
    const { success, stderr } = await new Deno.Command(shell, { args: ["-n", `${root}/coracle`] })
      .output();
    assert.ok(success, new TextDecoder().decode(stderr));
  });
}

Deno.test("the launcher stays short", async () => {
  const text = await Deno.readTextFile(`${root}/coracle`);
  assert.ok(text.split("\n").length <= 152);
});

Deno.test("the launcher hands every word over as it is, from any directory", async () => {
  const { code, out } = await launch(["status", "--data-dir", "/a b", "--", "it's"], {
    deno: deno("2.9.6"),
  });
  assert.equal(code, 0);
  const words = out.trim().split("\n").map((line) => line.slice(1, -1));
  const config = "--config=CHECKOUT/deno.json";
  assert.deepEqual(words.slice(0, 2), ["run", config]);
  assert.deepEqual(words.slice(words.indexOf("--allow-all") + 1), [
    "CHECKOUT/cli/main.ts",
    "status",
    "--data-dir",
    "/a b",
    "--",
    "it's",
  ]);
});

Deno.test("the launcher becomes what a foreground command names, and passes on its exit code", async () => {
  const becoming = (line: string, code: number) =>
    `[ "$1" = --version ] && { echo "deno 2.10.0"; exit; }; [ "$1" = cache ] && exit; echo "${line}"; exit ${code}`;
  const became = await launch(["server"], { deno: becoming("'printf' '%s.' 'a b' 'c'", 113) });
  assert.deepEqual(became, { code: 0, out: "a b.c.", errors: "" });
  const refused = await launch(["server"], { deno: becoming("no", 2) });
  assert.deepEqual([refused.code, refused.out], [2, "no\n"]);
});

Deno.test("the launcher takes no Deno that is too old, and says so when it may not install one", async () => {
  const { code, errors } = await launch(["version", "--no-install"], { deno: deno("2.9.5") });
  assert.equal(code, 1);
  assert.match(errors, /^coracle: Deno 2\.9\.6 or newer is missing\./);
});

Deno.test("the launcher installs Deno from what npm packs", async () => {
  const pack =
    `[ "$1" = pack ] || exit 1; d=$4; mkdir -p "$d/package"; { printf '#!/bin/sh\\n'; printf '%s\\n' "echo deno 2.9.6"; head -c 11000000 /dev/zero; } > "$d/package/deno"; tar -czf "$d/x.tgz" -C "$d" package; rm -r "$d/package"`;
  const { errors } = await launch(["--help"], { deno: deno("1.0.0"), npm: pack });
  assert.match(errors, /coracle: installed Deno 2\.9\.6 in CHECKOUT\/\.coracle/);
});

Deno.test("the launcher with --dry-run changes nothing and says what it would do", async () => {
  const programs = { deno: deno("2.9.6"), podman: "", runc: "", crun: "", iptables: "", ip: "" };
  const { code, out } = await launch(["up", "--demo", "--dry-run"], programs);
  assert.equal(code, 0);
  assert.match(out, /would run: coracle up --demo\n$/);
  assert.doesNotMatch(out, /<run>/);
  const bare = await launch(["version", "--dry-run"], { deno: deno("1.0.0") });
  assert.match(bare.out, /^would install: Deno 2\.9\.6 in CHECKOUT\/\.coracle/);
});

Deno.test("the launcher shows help to everybody, without installing anything", async () => {
  const { code, out } = await launch(["up", "--help", "--no-install"], { deno: deno("2.9.6") });
  assert.equal(code, 0);
  assert.match(out, /<up>\n<--help>\n$/);
});

Deno.test("the launcher refuses to make a node for somebody who is not root", async () => {
  const programs = { deno: deno("2.9.6"), id: "echo 1000" };
  const { code, errors } = await launch(["up"], programs);
  assert.equal(code, 1);
  assert.match(errors, /^coracle: a node needs root/);
});

Deno.test("the launcher refuses another system than Linux", async () => {
  const { code, errors } = await launch(["version"], { uname: "echo Darwin" });
  assert.deepEqual([code, errors], [
    1,
    "coracle: this is Darwin, but Coracle runs on Linux only\n",
  ]);
});
