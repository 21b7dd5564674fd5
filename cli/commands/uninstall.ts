import type { FileSystem } from "../../node/host/file_system.ts";
import type { Host } from "../../node/host/host.ts";
import { removeNode } from "../../node/removal.ts";
import { UsageError } from "../../shared/config/arguments.ts";
import { type Installation, readInstallation } from "../cluster/installation.ts";
import type { Command, Context } from "../command.ts";
import { removeDemoImage } from "../demo/demo_image.ts";
import {
  compareFootprints,
  type Difference,
  emptyTables,
  type Footprint,
  isOurs,
} from "../footprint/footprint.ts";
import { nodeSettings, readFootprint } from "../footprint/read_footprint.ts";
import { dataDirFlag, dataDirOf } from "../inputs.ts";
import { type Layout, layoutOf } from "../layout.ts";
import { Steps } from "../steps.ts";
import { machineOf, stopDaemons } from "./down.ts";

/** `coracle uninstall`: the machine as it was before `up`. */
export const uninstall: Command = {
  name: "uninstall",
  usage: "",
  summary: "remove everything that coracle up made, and prove it",
  description:
    "Stops everything, removes all pods, rules, namespaces, devices, mounts, images and the data directory, and compares " +
    "the machine with what it was before the first coracle up. Ends with code 1 if anything of Coracle is left. " +
    "Packages that the launcher installed stay.",
  flags: [dataDirFlag, { flag: "--yes", help: "do not ask" }],
  async run({ flags }, context) {
    const layout = layoutOf(dataDirOf(flags));
    const installation = await readInstallation(layout);
    if (!installation) {
      context.print(`Nothing to remove: coracle up never ran with ${layout.dataDir}`);
      return 0;
    }
    if (flags["--yes"] !== "true") confirmRemoval(layout);
    return await remove(layout, installation, context);
  },
};

function confirmRemoval({ dataDir }: Layout): void {
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError("flag --yes is needed where nobody can be asked");
  }
  if (!confirm(`Remove all pods and all data in ${dataDir} for good?`)) {
    throw new Error("Nothing was removed");
  }
}

async function remove(
  layout: Layout,
  installation: Installation,
  context: Context,
): Promise<number> {
  const { before, node } = installation;
  const machine = machineOf(context);
  const steps = new Steps(context.clock, context.print);
  let names: readonly string[] = [];
  await stopDaemons(layout, context, steps);
  await steps.step(async () => {
    if (!node.ownStorage) await removeDemoImage({ ...machine, config: node });
    names = await removeNode({ ...machine, config: node });
    return "Removed pods, rules, namespaces, devices and mounts";
  });
  await steps.step(async () => {
    await restoreKernel(before, machine);
    return "Restored kernel settings";
  });
  await steps.step(async () => {
    await removeFiles(layout);
    return `Removed ${layout.dataDir}`;
  });
  const differences = compareFootprints(before, await readFootprint(machine));
  const own = [...names, layout.dataDir, `${node.clusterDns}/32`];
  return report(before, {
    left: differences.filter((difference) => isOurs(difference, own)),
    foreign: differences.filter((difference) => !isOurs(difference, own)),
  }, context);
}

/** Settings get the values they had; what only the first use of `ip netns` and iptables made goes. */
async function restoreKernel(
  before: Footprint,
  { host, files }: { readonly host: Host; readonly files: FileSystem },
): Promise<void> {
  for (const line of before.settings) {
    const [path = "", value = ""] = line.split("=");
    if (!nodeSettings.includes(path)) continue;
    await files.overwrite(path, value).catch(() => undefined);
  }
  // `ip netns` mounts its directory when it makes the first namespace, and leaves it.
  const namespaces = "/run/netns";
  const isNew = !before.mounts.includes(namespaces);
  if (isNew && (await files.list(namespaces)).length === 0) await host.run("umount", [namespaces]);
  if (!await host.has("nft")) return;
  const { nftables } = await readFootprint({ host, files });
  for (const table of emptyTables(before.nftables, nftables)) {
    await host.run("nft", ["delete", "table", ...table.split(" ")]);
  }
}

/** Removes what we made in the data directory, and the directory if nothing else is in it. */
async function removeFiles(layout: Layout): Promise<void> {
  const { serverDir, agentDir, runDir, logDir, kubeconfig, installation, dataDir } = layout;
  for (const path of [agentDir, serverDir, runDir, logDir, kubeconfig, installation]) {
    await Deno.remove(path, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  await Deno.remove(dataDir).catch(() => undefined);
}

function report(
  before: Footprint,
  { left, foreign }: {
    readonly left: readonly Difference[];
    readonly foreign: readonly Difference[];
  },
  { print }: Context,
): number {
  const parts = Object.keys(before).join(", ");
  const changed = new Set([...left, ...foreign].map(({ part }) => part));
  print("");
  print(`Compared with the machine before the first coracle up: ${parts}.`);
  print(
    `  the same: ${
      Object.keys(before).filter((part) => !changed.has(part as keyof Footprint)).join(", ") ||
      "none"
    }`,
  );
  for (const { part, change, line } of foreign) print(`  ${part} (not ours): ${change} ${line}`);
  for (const { part, line } of left) print(`  ${part} LEFT BEHIND: ${line}`);
  print(
    left.length === 0 ? "Nothing of Coracle is left." : `${left.length} things are left behind.`,
  );
  return left.length === 0 ? 0 : 1;
}
