import { DenoFileSystem } from "../../node/host/deno_file_system.ts";
import { DenoHost } from "../../node/host/deno_host.ts";
import { pluginDirectories } from "../../node/network/node_network.ts";
import { removePods } from "../../node/removal.ts";
import { silentLog } from "../../shared/log/log.ts";
import { readInstallation } from "../cluster/installation.ts";
import type { Command, Context } from "../command.ts";
import { dataDirFlag, dataDirOf } from "../inputs.ts";
import { type Layout, layoutOf } from "../layout.ts";
import { Daemon } from "../processes/daemon.ts";
import { machineProcesses } from "../processes/processes.ts";
import { Steps } from "../steps.ts";

const GRACE_MS = 15_000;

/** `coracle down`: the end of what `up` started. */
export const down: Command = {
  name: "down",
  usage: "",
  summary: "stop server and agent; containers go on",
  description:
    "Stops the agent and the server that coracle up started. Containers go on running and are taken over by the next " +
    "coracle up, unless --pods removes them.",
  flags: [dataDirFlag, { flag: "--pods", help: "also stop and remove the containers of all pods" }],
  async run({ flags }, context) {
    const layout = layoutOf(dataDirOf(flags));
    const steps = new Steps(context.clock, context.print);
    await stopDaemons(layout, context, steps);
    if (flags["--pods"] !== "true") return 0;
    const installation = await readInstallation(layout);
    if (!installation) throw new Error(`Cannot find pods: no node was set up in ${layout.dataDir}`);
    await steps.step(async () => {
      const { length } = await removePods({ ...machineOf(context), config: installation.node });
      return `Removed what ${length} pods had on this machine`;
    });
    return 0;
  },
};

/** Stops agent and server, in this order, whether they run or not. */
export async function stopDaemons(
  layout: Layout,
  { clock }: Pick<Context, "clock">,
  steps: Steps,
): Promise<void> {
  for (const name of ["agent", "server"] as const) {
    const daemon = new Daemon(name, layout, { processes: machineProcesses, clock });
    await steps.step(async () =>
      await daemon.stop(GRACE_MS) ? `Stopped the ${name}` : `The ${name} did not run`
    );
  }
}

/** This machine, for taking a node apart. */
export function machineOf({ clock }: Pick<Context, "clock">) {
  return {
    host: new DenoHost({ pluginDirectories }),
    files: new DenoFileSystem(),
    clock,
    log: silentLog,
  };
}
