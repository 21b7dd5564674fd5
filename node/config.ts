import {
  type ConfigFile,
  isBetween,
  isCidr,
  readSettings,
  type Setting,
} from "../shared/config/settings.ts";
import { type ProcessConfig, processSettings } from "../shared/process/process.ts";
import { parseJoinToken } from "../shared/join_token/join_token.ts";

/** Settings of `coracle agent`: what flags and the configuration file may say. */
export interface AgentConfig extends ProcessConfig {
  /** `https://host:port` of the API server. */
  readonly server: string;
  /** Join token; needed once, until this node has its own certificate. Prefer `tokenFile`: arguments can be seen by all. */
  readonly token: string;
  /** File that holds the join token. */
  readonly tokenFile: string;
  /** Everything the agent keeps is below this directory: identity, checkpoint, pods, containers and images. */
  readonly dataDir: string;
  /** "" means the machine's host name in small letters. */
  readonly nodeName: string;
  /** "" means the address that leads to the server. */
  readonly nodeIp: string;
  readonly nodeLabels: readonly string[];
  readonly nodeTaints: readonly string[];
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly clusterDomain: string;
  /** Where pods ask for names: an address that each node takes for itself. */
  readonly clusterDns: string;
  readonly maxPods: number;
  /** Directory of an administrator's CNI configuration; "" means `cni` below `dataDir`, empty at first. */
  readonly cniConfigDir: string;
  /** Whether images and containers are kept below `dataDir`, apart from those of the machine's own Podman. */
  readonly ownStorage: boolean;
  /** Network namespace to live in, as `ip netns` names it; "" means the machine's own. */
  readonly networkNamespace: string;
  /** "" means whichever works here. */
  readonly ociRuntime: string;
}

/** Every setting of the agent: the only list; flags, file and help follow from it. */
export const agentSettings: readonly Setting<keyof AgentConfig>[] = [
  {
    key: "server",
    flag: "--server",
    value: "URL",
    default: "",
    help: "the API server, such as https://10.0.0.1:6443",
    check: isHttpsUrl,
  },
  {
    key: "token",
    flag: "--token",
    value: "TOKEN",
    default: "",
    help: "join token (see coracle token create); needed once",
    check: (value) =>
      value === "" || parseJoinToken(value) ? undefined : "a join token (see coracle token create)",
  },
  {
    key: "tokenFile",
    flag: "--token-file",
    value: "FILE",
    default: "",
    help: "file that holds the join token",
  },
  {
    key: "dataDir",
    flag: "--data-dir",
    value: "DIR",
    default: "/var/lib/coracle/agent",
    help: "directory of all state, images and containers",
  },
  {
    key: "nodeName",
    flag: "--node-name",
    value: "NAME",
    default: "",
    help: "name of this node (default: the host name)",
    check: (value) =>
      value === "" || /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(value)
        ? undefined
        : "a name of small letters, digits, '-' and '.'",
  },
  {
    key: "nodeIp",
    flag: "--node-ip",
    value: "ADDR",
    default: "",
    help: "address of this node (default: the one that leads to the server)",
    check: (value) => value === "" ? undefined : isIpv4(value),
  },
  {
    key: "nodeLabels",
    flag: "--node-labels",
    value: "KEY=VALUE,…",
    default: [],
    help: "labels of this node when it joins",
    check: (value) => /^[^=\s]+=[^=\s]*$/.test(value) ? undefined : "KEY=VALUE",
  },
  {
    key: "nodeTaints",
    flag: "--node-taints",
    value: "KEY=VALUE:EFFECT,…",
    default: [],
    help: "taints of this node when it joins",
    check: (value) =>
      /^[^=:\s]+(=[^=:\s]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$/.test(value)
        ? undefined
        : "KEY=VALUE:EFFECT with NoSchedule, PreferNoSchedule or NoExecute",
  },
  {
    key: "clusterCidr",
    flag: "--cluster-cidr",
    value: "CIDR",
    default: "10.244.0.0/16",
    help: "network of pod addresses, as the server has it",
    check: isCidr,
  },
  {
    key: "serviceCidr",
    flag: "--service-cidr",
    value: "CIDR",
    default: "10.96.0.0/12",
    help: "network of Service addresses, as the server has it",
    check: isCidr,
  },
  {
    key: "clusterDomain",
    flag: "--cluster-domain",
    value: "DOMAIN",
    default: "cluster.local",
    help: "DNS domain of Services, as the server has it",
  },
  {
    key: "clusterDns",
    flag: "--cluster-dns",
    value: "ADDR",
    default: "169.254.20.10",
    help: "address at which each node answers the names that its pods ask for",
    check: isIpv4,
  },
  {
    key: "maxPods",
    flag: "--max-pods",
    value: "COUNT",
    default: 110,
    help: "pods that this node takes at most",
    check: isBetween(1, 1000),
  },
  {
    key: "cniConfigDir",
    flag: "--cni-config-dir",
    value: "DIR",
    default: "",
    help: "directory of your own CNI configuration (default: DATA-DIR/cni)",
  },
  {
    key: "ownStorage",
    flag: "--own-storage",
    default: true,
    help:
      "keep images and containers apart from those of the machine's Podman (--own-storage=false: share)",
  },
  {
    key: "networkNamespace",
    flag: "--network-namespace",
    value: "NAME",
    default: "",
    help: "network namespace to be a node in: several nodes on one machine",
    check: (value) =>
      value === "" || /^[A-Za-z0-9._-]+$/.test(value)
        ? undefined
        : "a namespace as `ip netns list` names it",
  },
  {
    key: "ociRuntime",
    flag: "--oci-runtime",
    value: "NAME",
    default: "",
    help: "crun or runc (default: whichever works here)",
  },
  ...processSettings,
];

/**
 * Joins defaults, the configuration file (YAML, keys as in `AgentConfig`) and flags, the later winning. Throws
 * ConfigError for an unknown key or a value that will not do.
 */
export function agentConfig(
  flags: Readonly<Record<string, string>>,
  file?: ConfigFile,
): AgentConfig {
  return readSettings<AgentConfig>(agentSettings, flags, file);
}

function isIpv4(value: string): string | undefined {
  return isCidr(`${value}/32`) && "an IPv4 address";
}

function isHttpsUrl(value: string): string | undefined {
  const url = URL.parse(value);
  return url?.protocol === "https:" && url.pathname === "/"
    ? undefined
    : "a URL such as https://10.0.0.1:6443";
}
