import { type ServerConfig, serverSettings } from "../../control/config.ts";
import { outsideRights } from "../../control/outside_rights.ts";
import { flagsOf } from "../../shared/config/settings.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Layout } from "../layout.ts";
import { serverPermissions } from "../permissions.ts";
import type { Daemon } from "../processes/daemon.ts";
import { type Program, runArguments } from "../program.ts";
import { connect, isReady } from "./api.ts";
import type { ClusterPart } from "./bring_up.ts";
import { ownHosts } from "./own_address.ts";
import { waitFor } from "./wait.ts";

/** Stopping may have to finish writes. */
const STOP_MS = 10_000;
const START_MS = 60_000;

/** Deno's arguments for a server of this configuration, whose directories are absolute and exist. */
export function serverArguments(program: Program, config: ServerConfig): string[] {
  return runArguments(program, "server", {
    permissions: serverPermissions(program, {
      ...config,
      reachable: [...ownHosts(), ...config.egress],
      outside: outsideRights(config),
    }),
    args: flagsOf(serverSettings, config),
  });
}

/** The server in the background; it has started when it says that it is ready. */
export function serverPart(
  daemon: Daemon,
  config: ServerConfig,
  { program, layout, clock }: {
    readonly program: Program;
    readonly layout: Layout;
    readonly clock: Clock;
  },
): ClusterPart {
  const settings = flagsOf(serverSettings, config);
  return {
    title: "Server",
    running: () => daemon.alreadyRuns("Server", settings),
    async start(signal) {
      // A kubeconfig of an earlier run may point elsewhere; the server writes it when it listens.
      await Deno.remove(`${layout.serverDir}/admin.kubeconfig`).catch(() => undefined);
      const id = await daemon.start(program.deno, {
        args: serverArguments(program, config),
        settings,
      });
      const server = await waitFor(async () => {
        if (!daemon.find()) throw new Error(`Cannot start the server: ${await daemon.lastWords()}`);
        return await readyServer(layout);
      }, { clock, timeoutMs: START_MS, what: `reach the server (log: ${daemon.logFile})`, signal });
      await linkKubeconfig(layout);
      return `Server is ready at ${server} (process ${id.pid})`;
    },
    async stop() {
      await daemon.stop(STOP_MS);
    },
  };
}

async function readyServer(layout: Layout): Promise<string | undefined> {
  const path = `${layout.serverDir}/admin.kubeconfig`;
  const written = await Deno.stat(path).catch(() => undefined);
  if (!written) return undefined;
  const api = connect(path);
  try {
    return await isReady(api) ? api.server : undefined;
  } finally {
    api.transport.close();
  }
}

/** A link, so that users always have the certificate that the server last made. */
async function linkKubeconfig(layout: Layout): Promise<void> {
  await Deno.remove(layout.kubeconfig).catch(() => undefined);
  await Deno.symlink("server/admin.kubeconfig", layout.kubeconfig);
}
