/**
 * Makes `dist/coracle`: one file that holds Deno, the program and the examples behind the launcher, and unpacks itself
 * when it is first run. For machines that cannot fetch anything.
 *
 *     deno task bundle [--output FILE] [--no-deno]
 *
 * It unpacks to /var/cache/coracle (root) or ~/.cache/coracle (others), or where CORACLE_UNPACK_DIR says.
 * `--no-deno` leaves Deno out and uses the one on PATH at run time: a file of under a megabyte, for tests.
 *
 * @module
 */

/** What a bundle is made of: entry modules by the names that `cli/program.ts` looks for. */
const entries: readonly (readonly [source: string, name: string])[] = [
  ["cli/main.ts", "cli.js"],
  ["control/main.ts", "server.js"],
  ["control/components/worker.ts", "components_worker.js"],
  ["node/main.ts", "agent.js"],
];
const START = "# >>> program";
const END = "# <<< program";

if (import.meta.main) await main(Deno.args);

async function main(args: readonly string[]): Promise<void> {
  const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const given = args.indexOf("--output");
  const output = (given >= 0 ? args[given + 1] : undefined) ?? `${root}/dist/coracle`;
  const tree = await Deno.makeTempDir({ prefix: "coracle-bundle-" });
  try {
    await fill(tree, root, { withDeno: !args.includes("--no-deno") });
    const hash = await hashOf(tree);
    const archive = `${tree}.tgz`;
    const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
    await run("tar", [...same, "-czf", archive, "-C", tree, "."]);
    const launcher = await Deno.readTextFile(`${root}/coracle`);
    await join({ header: headerOf(launcher, hash), archive, output });
    await Deno.remove(archive);
    const { size } = await Deno.stat(output);
    console.log(`${output}: ${(size / 1e6).toFixed(1)} MB, program ${hash}`);
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

async function fill(
  tree: string,
  root: string,
  { withDeno }: { readonly withDeno: boolean },
): Promise<void> {
  for (const [source, name] of entries) {
    const config = ["--config", `${root}/deno.json`];
    const options = ["--quiet", "--minify", "--platform", "deno", "--output", `${tree}/${name}`];
    await run(Deno.execPath(), ["bundle", ...config, ...options, `${root}/${source}`]);
  }
  await run("cp", ["-R", `${root}/examples`, `${tree}/examples`]);
  if (!withDeno) return;
  await Deno.copyFile(Deno.execPath(), `${tree}/deno`);
  await Deno.chmod(`${tree}/deno`, 0o755);
}

/** The launcher with another way to its program: unpacked once from the end of the file, into a directory of its own. */
export function headerOf(launcher: string, hash: string): string {
  const start = launcher.indexOf(START);
  const end = launcher.indexOf(END);
  if (start < 0 || end < start) throw new Error("Cannot bundle: the launcher has no program part");
  let skip = 0;
  for (;;) {
    const header = launcher.slice(0, start) + unpacking(hash, skip) + launcher.slice(end) +
      "exit\n";
    // tail counts from 1. The number's own digits count too, so it is tried until it fits.
    const length = new TextEncoder().encode(header).length;
    if (length + 1 === skip) return header;
    skip = length + 1;
  }
}

function unpacking(hash: string, skip: number): string {
  return `${START}: unpacked from behind this script, once for each version
if [ -n "\${CORACLE_UNPACK_DIR-}" ]; then program=$CORACLE_UNPACK_DIR/${hash}
elif [ "$(id -u)" = 0 ]; then program=/var/cache/coracle/${hash}
else program=\${XDG_CACHE_HOME:-$HOME/.cache}/coracle/${hash}; fi
if [ ! -e "$program/cli.js" ] && [ "$dry" = no ]; then
  mkdir -p "\${program%/*}" || die "cannot unpack to $program"
  unpacked=$(mktemp -d "$program.XXXXXX")
  tail -c "+${skip}" "$(readlink -f -- "$0")" | tar -xzf - -C "$unpacked" || die "cannot unpack to $program: is the disk full?"
  chmod 755 "$unpacked"
  mv -T "$unpacked" "$program" 2>/dev/null || rm -rf "$unpacked"
fi
deno=$program/deno config=--no-config entry=$program/cli.js
[ -x "$deno" ] || deno=$(command -v deno) || die "this bundle is without Deno, and none is installed"
`;
}

async function join(
  { header, archive, output }: {
    readonly header: string;
    readonly archive: string;
    readonly output: string;
  },
): Promise<void> {
  await Deno.mkdir(output.slice(0, output.lastIndexOf("/")) || ".", { recursive: true });
  const file = await Deno.open(`${output}.new`, { write: true, create: true, truncate: true });
  await file.write(new TextEncoder().encode(header));
  const packed = await Deno.open(archive);
  await packed.readable.pipeTo(file.writable);
  await Deno.chmod(`${output}.new`, 0o755);
  await Deno.rename(`${output}.new`, output);
}

/** Names the content: the same program unpacks to the same place. */
async function hashOf(tree: string): Promise<string> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(tree)) if (isFile) names.push(name);
  const digests = await Promise.all(
    names.sort().map(async (name) => {
      const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${tree}/${name}`));
      return name + hex(digest);
    }),
  );
  const all = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(digests.join()));
  return hex(all).slice(0, 16);
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args: [...args] }).spawn().status;
  if (!success) throw new Error(`Cannot bundle: ${program} ${args[0]} failed`);
}
