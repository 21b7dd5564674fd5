import { serverConfig, serverSettings } from "../../control/config.ts";
import { configFlag } from "../../shared/config/command_line.ts";
import { withAbsolutePaths } from "../../shared/config/settings.ts";
import type { Command } from "../command.ts";
import { serverArguments } from "../cluster/server_part.ts";
import { configFileOf, ensureDirectory } from "../inputs.ts";
import { absolute } from "../layout.ts";
import { become } from "../launch.ts";

/** `coracle server`: a control plane in the foreground. Needs no root. */
export const server: Command = {
  name: "server",
  usage: "",
  summary: "run a control plane alone, in the foreground",
  description:
    "Runs the API server, the controllers and the scheduler until it is told to stop. Needs neither root nor " +
    "Podman. DIR/admin.kubeconfig is for its administrator; /readyz says when it is ready.",
  flags: [...serverSettings, configFlag],
  async run({ flags }, context) {
    const given = serverConfig(flags, configFileOf(flags));
    const config = withAbsolutePaths(serverSettings, given, (path) => absolute(path, Deno.cwd()));
    const dataDir = await ensureDirectory(config.dataDir);
    const logFile = config.logFile && absolute(config.logFile, Deno.cwd());
    const schedulerConfig = config.schedulerConfig && absolute(config.schedulerConfig, Deno.cwd());
    const rights = { ...config, dataDir, logFile, schedulerConfig };
    const args = serverArguments(context.program, rights);
    return await become([context.program.deno, ...args], context);
  },
};
