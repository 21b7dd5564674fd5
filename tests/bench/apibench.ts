import type { Load, OperationResult } from "./load.ts";
import type { Identity } from "./server.ts";

/** Loads with the program apibench: the same client for every server, with HTTP/2 and a client certificate. */
export function apibench(program: string): Load {
  return async ({ url, admin }, { mode, objects, nodes, directory, onOperation }) => {
    const json = `${directory}/rows.json`;
    const child = new Deno.Command(program, {
      args: [
        `-server=${url}`,
        ...await identityFlags(admin, directory),
        `-mode=${mode}`,
        `-objects=${objects}`,
        `-nodes=${nodes}`,
        `-namespace=apibench-${mode}`,
        `-json=${json}`,
      ],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [remarks, stderr] = await Promise.all([
      eachRow(child.stdout, onOperation),
      new Response(child.stderr).text(),
    ]);
    const { code } = await child.status;
    if (code !== 0) throw new Error(`apibench ended with code ${code}: ${stderr.trim()}`);
    for (const remark of remarks) console.log(`apibench: ${remark}`);
    return JSON.parse(await Deno.readTextFile(json)) as OperationResult[];
  };
}

async function identityFlags(identity: Identity, directory: string): Promise<string[]> {
  const flags: string[] = [];
  const names = { ca: identity.ca, cert: identity.certificate, key: identity.key };
  for (const [name, text] of Object.entries(names)) {
    const file = `${directory}/client.${name}`;
    await Deno.writeTextFile(file, text, { mode: 0o600 });
    flags.push(`-${name}=${file}`);
  }
  return flags;
}

/** It prints a row when an operation has ended. Resolves to what else it says. */
async function eachRow(
  stdout: ReadableStream<Uint8Array>,
  onRow: () => void,
): Promise<string[]> {
  const remarks: string[] = [];
  let rest = "";
  for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (/ n=\d+ /.test(line)) onRow();
      else remarks.push(line.trim());
    }
  }
  return remarks;
}
