import type { OutsideRights } from "../control/outside_rights.ts";
import { type Program, serverCode } from "./program.ts";

/** Switches that libraries of the server look for when they are loaded; none of them is a secret. */
const libraryVariables: readonly string[] = [
  "LOG_STREAM",
  "LOG_TOKENS",
  "WS_NO_BUFFER_UTIL",
  "WS_NO_UTF_8_VALIDATE",
];

/** What decides about the server's rights. */
export interface ServerRights {
  /** Absolute; exists. */
  readonly dataDir: string;
  /** `host:port`, as in the server's configuration. */
  readonly listen: string;
  /** "" if the output goes elsewhere. */
  readonly logFile: string;
  /** What its configuration makes it read, write and reach besides. */
  readonly outside?: OutsideRights;
  /** Hosts, with or without a port, that it may connect with. */
  readonly reachable: readonly string[];
  /** Absolute; "" if there is none. */
  readonly schedulerConfig?: string;
}

/**
 * The server's rights: its data directory, its log, the code of its second thread, its listener, and the names and
 * addresses of this machine for its certificate. No programs, no foreign functions. It connects with webhooks
 * on its own machine and what its configuration names; with everything else through the connections that agents made
 * (designs/008).
 */
export function serverPermissions(program: Program, rights: ServerRights): string[] {
  const { dataDir, listen, logFile, reachable, outside, schedulerConfig = "" } = rights;
  const configs = schedulerConfig === "" ? [] : [schedulerConfig];
  const own = [dataDir, ...(logFile === "" ? [] : [logFile, `${logFile}.1`])];
  const connect = [listen, ...reachable, ...outside?.connect ?? []];
  return [
    `--allow-read=${list([...own, ...configs, ...serverCode(program), ...outside?.read ?? []])}`,
    `--allow-write=${list([...own, ...outside?.write ?? []])}`,
    outside?.anywhere ? "--allow-net" : `--allow-net=${connect.join(",")}`,
    "--allow-sys=networkInterfaces,hostname",
    `--allow-env=${libraryVariables.join(",")}`,
  ];
}

/**
 * The agent's rights. Deno gives `/proc`, `/sys` and the power to signal processes to programs with every permission
 * alone, and a node cannot do without them. What the agent runs is held to a fixed list in `node/host` instead.
 */
export const agentPermissions: readonly string[] = ["--allow-all"];

/** The command line's rights: it starts and stops the others and looks at the machine. The launcher gives the same. */
export const cliPermissions: readonly string[] = ["--allow-all"];

/** A list of paths for a permission flag, which has no way to write a comma. */
function list(paths: readonly string[]): string {
  const bad = paths.find((path) => path.includes(","));
  if (bad === undefined) return paths.join(",");
  throw new Error(`Cannot use ${bad}: rights to a path with a comma in it cannot be given`);
}
