import type { Host } from "../../host/host.ts";
import type { NetworkConfig, PluginConfig } from "./config.ts";

/** What the chain is run for. */
export interface Attachment {
  readonly containerId: string;
  readonly namespacePath: string;
  readonly interfaceName: string;
  /** `CNI_ARGS`, before they are joined. */
  readonly args: Readonly<Record<string, string>>;
  /** Values by capability name; a plugin gets those that it asks for. */
  readonly runtimeConfig: Readonly<Record<string, unknown>>;
}

/** A plugin's result, as far as we read it (CNI specification, section 5). */
export interface NetworkResult {
  readonly ips?: readonly { readonly address: string }[];
  readonly [field: string]: unknown;
}

export interface PluginRunner {
  readonly host: Host;
  /** Where programs are looked for, in order. */
  readonly pluginDirectories: readonly string[];
}

/** A plugin's refusal, in its own words. */
export class PluginError extends Error {
  override readonly name = "PluginError";
}

/** Runs ADD through the chain; the last plugin's result. Rejects with PluginError at the first refusal. */
export async function addNetwork(
  runner: PluginRunner,
  config: NetworkConfig,
  attachment: Attachment,
): Promise<NetworkResult> {
  let result: NetworkResult | undefined;
  for (const plugin of config.plugins) {
    const input = pluginInput(config, plugin, attachment, result);
    const text = await runPlugin(runner, plugin, { command: "ADD", attachment, input });
    result = JSON.parse(text) as NetworkResult;
  }
  return result ?? {};
}

/**
 * Runs DEL through the chain backwards. Plugins must accept that there is nothing left to delete, so every one is
 * run even if another failed; the first failure is thrown at the end.
 */
export async function deleteNetwork(
  runner: PluginRunner,
  config: NetworkConfig,
  attachment: Attachment,
  result?: NetworkResult,
): Promise<void> {
  let failure: unknown;
  for (const plugin of config.plugins.toReversed()) {
    const input = pluginInput(config, plugin, attachment, result);
    try {
      await runPlugin(runner, plugin, { command: "DEL", attachment, input });
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure) throw failure;
}

/** What one plugin reads on its standard input (CNI specification, "Deriving execution configuration"). */
export function pluginInput(
  config: NetworkConfig,
  plugin: PluginConfig,
  attachment: Attachment,
  previous?: NetworkResult,
): Record<string, unknown> {
  const { capabilities, ...own } = plugin;
  const wanted = Object.entries(attachment.runtimeConfig)
    .filter(([name, value]) => capabilities?.[name] && value !== undefined);
  return {
    ...own,
    cniVersion: config.cniVersion,
    name: config.name,
    ...(wanted.length > 0 && { runtimeConfig: Object.fromEntries(wanted) }),
    ...(previous && { prevResult: previous }),
  };
}

async function runPlugin(
  runner: PluginRunner,
  plugin: PluginConfig,
  run: {
    readonly command: "ADD" | "DEL";
    readonly attachment: Attachment;
    readonly input: Record<string, unknown>;
  },
): Promise<string> {
  const { attachment } = run;
  const env = {
    CNI_COMMAND: run.command,
    CNI_CONTAINERID: attachment.containerId,
    CNI_NETNS: attachment.namespacePath,
    CNI_IFNAME: attachment.interfaceName,
    CNI_ARGS: Object.entries(attachment.args).map(([name, value]) => `${name}=${value}`).join(";"),
    CNI_PATH: runner.pluginDirectories.join(":"),
  };
  const program = await findPlugin(runner, plugin.type);
  const stdin = JSON.stringify(run.input);
  const { code, stdout, stderr } = await runner.host.run(program, [], { env, stdin });
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) {
    throw new PluginError(
      `plugin type="${plugin.type}" failed (${run.command}): ${reason(text, stderr)}`,
    );
  }
  return text;
}

async function findPlugin(runner: PluginRunner, type: string): Promise<string> {
  for (const directory of runner.pluginDirectories) {
    if (await runner.host.has(`${directory}/${type}`)) return `${directory}/${type}`;
  }
  throw new PluginError(
    `failed to find plugin "${type}" in path [${runner.pluginDirectories.join(" ")}]`,
  );
}

function reason(stdout: string, stderr: string): string {
  try {
    const { msg = "", details = "" } = JSON.parse(stdout) as { msg?: string; details?: string };
    return details ? `${msg}: ${details}` : msg;
  } catch {
    return (stdout + stderr).trim();
  }
}
