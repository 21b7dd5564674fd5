import type { Log } from "../../shared/log/log.ts";
import { type FileSystem, readText } from "../host/file_system.ts";
import type { Host } from "../host/host.ts";
import type { ProxyBackend } from "./backend.ts";
import { IptablesBackend } from "./iptables/iptables_backend.ts";
import { NftablesBackend } from "./nftables/nftables_backend.ts";

export interface BackendOptions {
  readonly host: Host;
  readonly log: Log;
  /** Addresses of pods: one CIDR, or one of each family with a comma between; empty if not known. */
  readonly clusterCidr: string;
  /**
   * For looking at the kernel's settings and letting node ports answer on 127.0.0.1. Without it, they do not, and
   * bridged packets are taken to pass the rules.
   */
  readonly files?: FileSystem | undefined;
}

export type BackendName = "iptables" | "nftables";

const ROUTE_LOCALNET = "/proc/sys/net/ipv4/conf/all/route_localnet";
const BRIDGE_CALLS = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/** A backend for this machine; removes what another one made in an earlier run. */
export async function createBackend(
  name: BackendName,
  options: BackendOptions,
): Promise<ProxyBackend> {
  const { host, clusterCidr, log } = options;
  const settings = {
    host,
    clusterCidrs: clusterCidr.split(",").map((cidr) => cidr.trim()).filter((cidr) => cidr !== ""),
    bridgeNetfilter: await hasBridgeNetfilter(options),
    localhostNodePorts: await allowLocalhost(options),
  };
  const backends = {
    iptables: new IptablesBackend(settings),
    nftables: new NftablesBackend(settings),
  };
  for (const other of Object.values<ProxyBackend>(backends)) {
    if (other.name !== name) await removeRules(other, log);
  }
  return backends[name];
}

/** What another backend left from an earlier run would go on forwarding as it was then. */
async function removeRules(other: ProxyBackend, log: Log): Promise<void> {
  try {
    await other.cleanup();
  } catch (error) {
    log.error("Rules of another proxy backend not removed", error, { backend: other.name });
  }
}

async function hasBridgeNetfilter({ files, log }: BackendOptions): Promise<boolean> {
  if (!files) return true;
  const passes = (await readText(files, BRIDGE_CALLS))?.trim() === "1";
  if (!passes) {
    log.warn("Bridged packets do not pass the rules; pods of one node see the node as client");
  }
  return passes;
}

/** Martians from 127.0.0.0/8 are let pass by the kernel, and kept out by a rule of the backend. */
async function allowLocalhost({ files, log }: BackendOptions): Promise<boolean> {
  if (!files || await files.stat(ROUTE_LOCALNET) === undefined) return false;
  try {
    await files.overwrite(ROUTE_LOCALNET, "1");
    return true;
  } catch (error) {
    log.warn("Node ports do not answer on 127.0.0.1", { error: String(error) });
    return false;
  }
}
