/**
 * The server's process: reads its configuration, starts the control plane, and stops it in order when told to.
 * Flags are those of `coracle server`.
 *
 * @module
 */
import { systemClock } from "../shared/clock/clock.ts";
import { readCommandLine } from "../shared/config/command_line.ts";
import { fail, runProcess } from "../shared/process/process.ts";
import { serverConfig, serverSettings } from "./config.ts";
import { startServer } from "./server_process.ts";

if (import.meta.main) await main().catch(fail);

async function main(): Promise<void> {
  const { flags, file } = readCommandLine(Deno.args, serverSettings);
  const config = serverConfig(flags, file);
  await runProcess(config, {
    name: "server",
    clock: systemClock,
    start: (log) => startServer(config, log),
  });
}
