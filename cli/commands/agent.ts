import { type AgentConfig, agentConfig, agentSettings } from "../../node/config.ts";
import { DenoFileSystem } from "../../node/host/deno_file_system.ts";
import { DenoHost } from "../../node/host/deno_host.ts";
import { UsageError } from "../../shared/config/arguments.ts";
import { configFlag } from "../../shared/config/command_line.ts";
import { agentArguments } from "../cluster/agent_part.ts";
import { checkMachine } from "../cluster/machine_check.ts";
import type { Command, Context } from "../command.ts";
import { configFileOf, ensureDirectory } from "../inputs.ts";
import { absolute } from "../layout.ts";
import { become } from "../launch.ts";

/** `coracle agent`: this machine as a node of a cluster, in the foreground. */
export const agent: Command = {
  name: "agent",
  usage: "",
  summary: "make this machine a node of a cluster, in the foreground",
  description:
    "Joins a cluster with a token (see coracle token create) and runs its pods until told to stop; containers go " +
    "on then, and are taken over at the next start. The token is needed once. With --network-namespace several nodes " +
    "live on one machine.",
  flags: [...agentSettings, configFlag],
  async run({ flags }, context) {
    const config = agentConfig(flags, configFileOf(flags));
    if (config.server === "") throw new UsageError("flag --server is needed: --server URL");
    const machine = { host: new DenoHost(), files: new DenoFileSystem(), uid: Deno.uid() };
    const obstacle = await checkMachine(machine);
    if (obstacle) throw new Error(`Cannot be a node: ${obstacle.problem}. ${obstacle.remedy}`);
    return await become(await commandOf(config, context), context);
  },
};

async function commandOf(config: AgentConfig, { program }: Context): Promise<string[]> {
  const dataDir = await ensureDirectory(config.dataDir);
  const cwd = Deno.cwd();
  const ready = {
    ...config,
    dataDir,
    token: "",
    tokenFile: await tokenFileOf(config, dataDir),
    cniConfigDir: config.cniConfigDir && absolute(config.cniConfigDir, cwd),
    logFile: config.logFile && absolute(config.logFile, cwd),
  };
  const command = [program.deno, ...agentArguments(program, ready)];
  if (config.networkNamespace === "") return command;
  const namespace = `/run/netns/${config.networkNamespace}`;
  if (!await Deno.stat(namespace).catch(() => undefined)) {
    throw new Error(`Cannot enter network namespace ${config.networkNamespace}: there is none`);
  }
  return ["nsenter", `--net=${namespace}`, "--", ...command];
}

/** A token given as an argument goes into a file: the arguments of a running agent are no place for it. */
async function tokenFileOf({ token, tokenFile }: AgentConfig, dataDir: string): Promise<string> {
  if (token === "") return tokenFile && absolute(tokenFile, Deno.cwd());
  const path = `${dataDir}/join-token`;
  await Deno.remove(path).catch(() => undefined);
  await Deno.writeTextFile(path, token, { mode: 0o600 });
  return path;
}
