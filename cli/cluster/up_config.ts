import { type ServerConfig, serverSettings } from "../../control/config.ts";
import { type AgentConfig, agentSettings } from "../../node/config.ts";
import { type ConfigFile, readSettings, type Setting } from "../../shared/config/settings.ts";

/** What `up` decides itself, or what makes no sense on a machine that is server and node in one. */
type Decided = "server" | "token" | "tokenFile" | "logFile" | "networkNamespace";

/** Settings of `coracle up`: those of the server and those of the agent. */
export type UpConfig = Omit<ServerConfig, "logFile"> & Omit<AgentConfig, Decided>;

const decided: readonly string[] = [
  "server",
  "token",
  "tokenFile",
  "logFile",
  "networkNamespace",
] satisfies Decided[];

/** Every setting of `up`; the server's come first and win where both have one of the same name. */
export const upSettings: readonly Setting<keyof UpConfig>[] = ([
  ...serverSettings,
  ...agentSettings.filter(({ key }) => !serverSettings.some((other) => other.key === key)),
] as readonly Setting[]).filter((setting): setting is Setting<keyof UpConfig> =>
  !decided.includes(setting.key)
);

/** Joins defaults, configuration file and flags, the later winning. Throws ConfigError. */
export function upConfig(
  flags: Readonly<Record<string, string>>,
  file?: ConfigFile,
): UpConfig {
  return readSettings<UpConfig>(upSettings, flags, file);
}
