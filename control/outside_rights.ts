import { dirname } from "node:path/posix";
import { parse } from "yaml";
import type { Kubeconfig } from "../shared/client/kubeconfig.ts";
import { ConfigError } from "../shared/config/settings.ts";
import type { AuthorizerConfig } from "./authorization/authorization_configuration.ts";
import type { ServerConfig } from "./config.ts";

/** What a server must read, write and reach outside its own directory. Paths are absolute. */
export interface OutsideRights {
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** `host:port`. */
  readonly connect: readonly string[];
  /** It may connect to any server. */
  readonly anywhere: boolean;
}

type Part = Partial<OutsideRights>;

/** The rights that a configuration needs. Reads the files that it names; throws ConfigError if one cannot be read. */
export function outsideRights(config: ServerConfig): OutsideRights {
  const { encryptionProviderConfig } = config;
  const parts: readonly Part[] = [
    ...auditRights(config),
    ...authRights(config),
    ...(encryptionProviderConfig === "" ? [] : [{ read: [encryptionProviderConfig] }]),
  ];
  const anywhere = parts.some((part) => part.anywhere === true);
  const all = (
    key: "read" | "write" | "connect",
  ) => [...new Set(parts.flatMap((part) => part[key] ?? []))];
  return { read: all("read"), write: all("write"), connect: all("connect"), anywhere };
}

function auditRights(config: ServerConfig): Part[] {
  const { auditPolicyFile, auditLogPath, auditWebhookConfigFile } = config;
  if (auditPolicyFile === "") return [];
  const logs = auditLogPath === "" ? [] : [dirname(auditLogPath)];
  return [
    { read: [auditPolicyFile, ...logs], write: logs },
    ...(auditWebhookConfigFile === "" ? [] : [kubeconfigRights(auditWebhookConfigFile)]),
  ];
}

/** Token issuers say themselves where their keys are, so a server that knows some may connect to anywhere. */
function authRights(config: ServerConfig): Part[] {
  const { authenticationConfig, authenticationTokenWebhookConfigFile: tokens } = config;
  const { requestheaderClientCaFile, authorizationConfig } = config;
  const read = [authenticationConfig, requestheaderClientCaFile, authorizationConfig];
  const issuers = authenticationConfig === ""
    ? []
    : document<{ jwt: readonly unknown[] }>(authenticationConfig).jwt ?? [];
  const authorizers = authorizationConfig === ""
    ? []
    : document<{ authorizers: readonly Partial<AuthorizerConfig>[] }>(authorizationConfig)
      .authorizers ?? [];
  const kubeconfigs = [
    tokens,
    ...authorizers.map(({ webhook }) => webhook?.connectionInfo?.kubeConfigFile ?? ""),
  ];
  return [
    { read: read.filter((path) => path !== ""), anywhere: issuers.length > 0 },
    ...kubeconfigs.filter((path) => path !== "").map(kubeconfigRights),
  ];
}

/** A kubeconfig, the files that it names and the server that it leads to. */
function kubeconfigRights(path: string): Part {
  const { clusters = [], users = [] } = document<Kubeconfig>(path);
  const files = [
    ...clusters.map(({ cluster }) => cluster["certificate-authority"]),
    ...users.flatMap(({ user }) => [
      user["client-certificate"],
      user["client-key"],
      user.tokenFile,
    ]),
  ];
  return {
    read: [path, ...files.filter((file) => file !== undefined)],
    connect: clusters.map(({ cluster }) => addressOf(cluster.server, path)),
  };
}

function document<T>(path: string): Partial<T> {
  try {
    return parse(Deno.readTextFileSync(path)) ?? {};
  } catch (error) {
    throw new ConfigError(`Cannot read ${path}: ${(error as Error).message.split("\n")[0]}`);
  }
}

function addressOf(url: string, path: string): string {
  if (!URL.canParse(url)) throw new ConfigError(`Cannot use ${path}: "${url}" is no URL`);
  const { hostname, port, protocol } = new URL(url);
  if (protocol !== "https:") throw new ConfigError(`Cannot use ${path}: "${url}" is not https`);
  return `${hostname}:${port || 443}`;
}
