import { serverArguments } from "../../cli/cluster/server_part.ts";
import { locateProgram } from "../../cli/program.ts";
import { serverConfig } from "../../control/config.ts";
import { parseKubeconfig } from "../../shared/client/kubeconfig.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { eventually } from "../e2e/harness/command.ts";
import {
  type Identity,
  LoggedProcess,
  readyAfter,
  type RunningServer,
  type ServerOptions,
} from "./server.ts";

/** Starts the working tree's server as `coracle server` would, without what is not measured. */
export async function startCoracle(options: ServerOptions): Promise<RunningServer> {
  const { directory, port, scheduler } = options;
  const dataDir = `${directory}/data`;
  await Deno.mkdir(dataDir, { recursive: true });
  const program = locateProgram();
  const config = serverConfig({
    "--data-dir": dataDir,
    "--listen": `127.0.0.1:${port}`,
    "--disable": scheduler ? "controllers" : "controllers,scheduler",
  });
  const begun = systemClock.monotonic();
  const server = new LoggedProcess([program.deno, ...serverArguments(program, config)], {
    name: "server",
    directory,
  });
  try {
    const readySeconds = await readyAfter(begun, { port, processes: [server] });
    const admin = await adminOf(`${dataDir}/admin.kubeconfig`);
    const url = `https://127.0.0.1:${port}`;
    return { url, admin, pids: [server.pid], readySeconds, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Where such a server has its store. */
export function storeOf(directory: string): string {
  return `${directory}/data/store`;
}

async function adminOf(kubeconfig: string): Promise<Identity> {
  // It is placed right after the server is ready for requests.
  const text = await eventually(
    "a kubeconfig",
    () =>
      Deno.readTextFile(kubeconfig).catch((error) => {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }),
  );
  const { caPem = "", certificate } = parseKubeconfig(text, { readFile: Deno.readTextFileSync });
  const { certPem, keyPem } = certificate!();
  return { ca: caPem, certificate: certPem, key: keyPem };
}
