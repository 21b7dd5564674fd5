import {
  type ConfigFile,
  isBetween,
  isCidr,
  isOneOf,
  readSettings,
  type Setting,
} from "../shared/config/settings.ts";
import { type AuditConfig, auditSettings } from "./audit/settings.ts";
import { type AuthConfig, authSettings } from "./authentication/settings.ts";
import { type EncryptionConfig, encryptionSettings } from "./storage/encryption/settings.ts";
import { type LimitsConfig, limitsSettings } from "./flowcontrol/settings.ts";
import { parseTimeSpan } from "../shared/config/time_span.ts";
import { asNumber, parseQuantity } from "../shared/resource/quantity.ts";
import { type ProcessConfig, processSettings } from "../shared/process/process.ts";

export { ConfigError } from "../shared/config/settings.ts";

/** Settings of `coracle server`: what flags and the configuration file may say. */
export interface ServerConfig
  extends ProcessConfig, AuthConfig, AuditConfig, LimitsConfig, EncryptionConfig {
  /** Everything the server keeps is below this directory. */
  readonly dataDir: string;
  /** `host:port` */
  readonly listen: string;
  /** The address under which nodes and pods reach the server; "" means the one of `listen`. */
  readonly advertiseAddress: string;
  readonly serviceCidr: string;
  readonly clusterCidr: string;
  /** Prefix length of the pod network of one node. */
  readonly nodeCidrMaskSize: number;
  readonly clusterDomain: string;
  /** Parts to leave out: `controllers`, `scheduler`. */
  readonly disable: readonly string[];
  /** Changes are kept for so long, as long as `historyBytes` has room: `24h`. */
  readonly historyAge: string;
  /** A quantity: `64Mi`. */
  readonly historyBytes: string;
  /** Hosts (`host` or `host:port`) that the server may connect with by itself, besides its own machine. */
  readonly egress: readonly string[];
  /** Path of a KubeSchedulerConfiguration; "" for none. */
  readonly schedulerConfig: string;
  /** How long a node may be silent before it counts as lost, in seconds. */
  readonly nodeMonitorGraceSeconds: number;
}

const optionalParts = ["controllers", "scheduler"];

/** Every setting of the server: the only list; flags, file and help follow from it. */
export const serverSettings: readonly Setting<keyof ServerConfig>[] = [
  {
    key: "dataDir",
    flag: "--data-dir",
    value: "DIR",
    default: "/var/lib/coracle",
    help: "directory of all state",
  },
  {
    key: "listen",
    flag: "--listen",
    value: "ADDR:PORT",
    default: "0.0.0.0:6443",
    help: "where to listen",
    check: (value) => parseListen(value) ? undefined : "ADDR:PORT, such as 0.0.0.0:6443",
  },
  {
    key: "advertiseAddress",
    flag: "--advertise-address",
    value: "ADDR",
    default: "",
    help: "address under which nodes and pods reach the server",
  },
  {
    key: "serviceCidr",
    flag: "--service-cidr",
    value: "CIDR",
    default: "10.96.0.0/12",
    help: "network of Service addresses",
    check: isCidr,
  },
  {
    key: "clusterCidr",
    flag: "--cluster-cidr",
    value: "CIDR",
    default: "10.244.0.0/16",
    help: "network of pod addresses",
    check: isCidr,
  },
  {
    key: "nodeCidrMaskSize",
    flag: "--node-cidr-mask-size",
    value: "BITS",
    default: 24,
    help: "prefix length of the pod network of one node",
    check: isBetween(16, 28),
  },
  {
    key: "clusterDomain",
    flag: "--cluster-domain",
    value: "DOMAIN",
    default: "cluster.local",
    help: "DNS domain of Services",
  },
  {
    key: "disable",
    flag: "--disable",
    value: "PARTS",
    default: [],
    help: "parts to leave out, separated by commas: controllers, scheduler",
    check: isOneOf(optionalParts),
  },
  {
    key: "historyAge",
    flag: "--history-age",
    value: "TIME",
    default: "24h",
    help: "how long changes are kept, for reads of the past and for clients that come back",
    check: (value) =>
      isWithin(parseTimeSpan(value), [60_000, 365 * 86_400_000])
        ? undefined
        : "a time from 1m to 365d",
  },
  {
    key: "historyBytes",
    flag: "--history-bytes",
    value: "SIZE",
    default: "64Mi",
    help:
      "room for changes that are kept (the oldest go first, whatever their age); a start reads all of it",
    check: (value) =>
      isWithin(bytesOf(value), [2 ** 20, 2 ** 36]) ? undefined : "a size from 1Mi to 64Gi",
  },
  {
    key: "egress",
    flag: "--egress",
    value: "HOSTS",
    default: [],
    help:
      "hosts that the server reaches without an agent's help, separated by commas: HOST or HOST:PORT",
    check: isHost,
  },
  {
    key: "schedulerConfig",
    flag: "--scheduler-config",
    value: "FILE",
    default: "",
    help: "KubeSchedulerConfiguration: profiles, plugins and their arguments",
  },
  ...processSettings,
  {
    key: "nodeMonitorGraceSeconds",
    flag: "--node-monitor-grace-seconds",
    value: "SECONDS",
    default: 40,
    help: "how long a node may be silent before it counts as lost",
    check: isBetween(5, 3600),
  },
  ...authSettings,
  ...encryptionSettings,
  ...limitsSettings,
  ...auditSettings,
];

/**
 * Joins defaults, the configuration file (YAML, keys as in `ServerConfig`) and flags, the later winning. Throws
 * ConfigError for an unknown key or a value that will not do.
 */
export function serverConfig(
  flags: Readonly<Record<string, string>>,
  file?: ConfigFile,
): ServerConfig {
  return readSettings<ServerConfig>(serverSettings, flags, file);
}

/** How much of the past the store keeps. */
export function historyLimits({ historyAge, historyBytes }: ServerConfig) {
  return { ageMs: parseTimeSpan(historyAge)!, bytes: bytesOf(historyBytes)!, changes: Infinity };
}

function bytesOf(text: string): number | undefined {
  try {
    return asNumber(parseQuantity(text));
  } catch {
    return undefined;
  }
}

function isWithin(value: number | undefined, [low, high]: readonly [number, number]): boolean {
  return value !== undefined && value >= low && value <= high;
}

const clusterKeys = [
  "serviceCidr",
  "clusterCidr",
  "nodeCidrMaskSize",
  "clusterDomain",
  "disable",
  "historyAge",
  "historyBytes",
  "nodeMonitorGraceSeconds",
] as const;

/** The settings that describe the cluster and not the machine: another machine that is to be its server needs them too. */
export function clusterSettings(
  config: ServerConfig,
): Readonly<Record<string, string | number | readonly string[]>> {
  return Object.fromEntries(clusterKeys.map((key) => [key, config[key]]));
}

/** A host as a right to the network is written: a name or an address, with or without a port. */
function isHost(text: string): string | undefined {
  const isOne = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/.test(text);
  return isOne ? undefined : "HOST or HOST:PORT";
}

/** `host:port`, `[v6]:port`; undefined for anything else. */
export function parseListen(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text);
  if (!match || Number(match[3]) > 65535) return undefined;
  return { host: match[1] ?? (match[2] || "0.0.0.0"), port: Number(match[3]) };
}
