/**
 * Makes `dist/coracle-server` and `dist/coracle-agent`: single binaries by `deno compile`, where Deno's compile runtime
 * (denort) can be had. Where it cannot, `deno task bundle` makes a single file without it.
 *
 *     deno task compile [--data-dir DIR]
 *
 * Rights are part of a binary, so the server's works with the data directory named here alone (default
 * /var/lib/coracle/server), on any address.
 *
 * @module
 */

import { agentPermissions, serverPermissions } from "../cli/permissions.ts";

if (import.meta.main) await main(Deno.args);

async function main(args: readonly string[]): Promise<void> {
  const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const given = args.indexOf("--data-dir");
  const dataDir = (given >= 0 ? args[given + 1] : undefined) ?? "/var/lib/coracle/server";
  const program = { kind: "source", root, deno: Deno.execPath() } as const;
  // Without an address after it, the right to the network is to all of it.
  const rights = serverPermissions(program, { dataDir, listen: "", logFile: "", reachable: [] })
    .map((flag) => flag === "--allow-net=" ? "--allow-net" : flag);
  await compile(root, "coracle-server", [
    ...rights,
    "--include",
    `${root}/control/components/worker.ts`,
    `${root}/control/main.ts`,
    `--data-dir=${dataDir}`,
  ]);
  await compile(root, "coracle-agent", [...agentPermissions, `${root}/node/main.ts`]);
}

async function compile(root: string, name: string, args: readonly string[]): Promise<void> {
  const output = `${root}/dist/${name}`;
  const unstable = ["--unstable-kv", "--unstable-worker-options"];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", "--config", `${root}/deno.json`, ...unstable, "--output", output, ...args],
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr);
  if (success) return console.log(output);
  console.error(text.trim());
  console.error(
    /denort/.test(text)
      ? "Cannot compile: Deno's compile runtime (denort) cannot be fetched here. `deno task bundle` makes a single file without it."
      : `Cannot compile ${name}.`,
  );
  Deno.exit(1);
}
