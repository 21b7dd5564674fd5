import type { FileSystem } from "../../host/file_system.ts";
import { readText } from "../../host/file_system.ts";

/** One plugin of a chain: `type` is its program's name, the rest is its own. */
export interface PluginConfig {
  readonly type: string;
  /** Run-time values that the plugin wants, e.g. `portMappings` (CNI conventions, "capabilities"). */
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly [field: string]: unknown;
}

/** A network configuration list (CNI specification, section 1). */
export interface NetworkConfig {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly PluginConfig[];
}

/**
 * The configuration that an administrator put into `directory`: the first file by name that ends in `.conflist`,
 * `.conf` or `.json`, as CRI runtimes choose. Undefined if there is none; rejects if that file makes no sense.
 */
export async function loadNetworkConfig(
  files: FileSystem,
  directory: string,
): Promise<NetworkConfig | undefined> {
  const name = (await files.list(directory)).find((file) => /\.(conflist|conf|json)$/.test(file));
  if (!name) return undefined;
  const text = (await readText(files, `${directory}/${name}`)) ?? "";
  try {
    return parseNetworkConfig(JSON.parse(text));
  } catch (error) {
    throw new Error(`Cannot use network configuration ${directory}/${name}`, { cause: error });
  }
}

/** A list, or a single plugin's configuration made a list of one. Throws if it is neither. */
export function parseNetworkConfig(value: unknown): NetworkConfig {
  const config = value as Partial<NetworkConfig> & Partial<PluginConfig>;
  if (typeof config.name !== "string") throw new TypeError("it has no name");
  const cniVersion = config.cniVersion ?? "0.4.0";
  if (Array.isArray(config.plugins) && config.plugins.length > 0) {
    return { cniVersion, name: config.name, plugins: config.plugins };
  }
  if (typeof config.type !== "string") throw new TypeError("it has neither plugins nor a type");
  return { cniVersion, name: config.name, plugins: [config as PluginConfig] };
}

export interface DefaultNetworkOptions {
  /** The node's share of the cluster's pod addresses, one per family. */
  readonly podCidrs: readonly string[];
  readonly mtu: number;
  /** Where host-local keeps its reservations. */
  readonly dataDir: string;
}

/** Name of the bridge that pods hang on. */
export const BRIDGE = "coracle0";

/**
 * Our own network: a bridge with addresses from the node's pod CIDR. No masquerading here, because the rules for
 * leaving the cluster are one small table of ours (see masquerade.ts) that can be taken away whole.
 */
export function defaultNetworkConfig(options: DefaultNetworkOptions): NetworkConfig {
  return {
    cniVersion: "1.0.0",
    name: "coracle",
    plugins: [
      {
        type: "bridge",
        bridge: BRIDGE,
        isGateway: true,
        isDefaultGateway: true,
        ipMasq: false,
        hairpinMode: true,
        mtu: options.mtu,
        ipam: {
          type: "host-local",
          dataDir: options.dataDir,
          ranges: options.podCidrs.map((subnet) => [{ subnet }]),
        },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
      ...bandwidthPlugin(),
    ],
  };
}

function bandwidthPlugin(): PluginConfig[] {
  return [{ type: "bandwidth", capabilities: { bandwidth: true } }];
}
