import { isIP } from "node:net";
import { parseResolvConf } from "./resolv_conf.ts";

/**
 * The resolvers that a node's `/etc/resolv.conf` names, as `startDns` takes them. Never our own address, which would
 * ask itself for ever. A resolver on loopback may be a mere forwarder to us, so it counts only if there is no other.
 */
export function upstreamsOf(hostResolvConf: string, own: readonly string[]): string[] {
  const all = [...new Set(parseResolvConf(hostResolvConf).nameservers)]
    .filter((address) => isIP(address.split("%")[0]!) !== 0 && !own.includes(address));
  const remote = all.filter((address) => !/^(127\.|::1$)/.test(address));
  return (remote.length > 0 ? remote : all)
    .map((address) => address.includes(":") ? `[${address}]` : address);
}
