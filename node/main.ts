/**
 * The agent's process: reads its configuration, joins the cluster, runs this node's pods, and leaves them running when
 * it is told to stop. Flags are those of `coracle agent`.
 *
 * @module
 */
import { systemClock } from "../shared/clock/clock.ts";
import { readCommandLine } from "../shared/config/command_line.ts";
import { fail, runProcess } from "../shared/process/process.ts";
import { startAgent } from "./agent.ts";
import { type AgentConfig, agentConfig, agentSettings } from "./config.ts";

if (import.meta.main) await main().catch(fail);

async function main(): Promise<void> {
  const { flags, file } = readCommandLine(Deno.args, agentSettings);
  const config = await completed(agentConfig(flags, file));
  await runProcess(config, {
    name: "agent",
    clock: systemClock,
    start: (log) => startAgent(config, log),
  });
}

/** Fills in what only this machine can say: its name, and the token if a file holds it. */
async function completed(config: AgentConfig): Promise<AgentConfig> {
  const token = config.token || (await tokenFrom(config.tokenFile)).trim();
  return { ...config, token, nodeName: config.nodeName || Deno.hostname().toLowerCase() };
}

/** A node that has joined needs no token, so a file that is gone again is fine. */
async function tokenFrom(path: string): Promise<string> {
  if (path === "") return "";
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw new Error(`Cannot read the token file ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
