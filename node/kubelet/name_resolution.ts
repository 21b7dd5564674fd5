import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import { resolvConfFor } from "../dns/resolv_conf.ts";

/** What the node knows about names. */
export interface NameResolution {
  /** Addresses of the cluster's DNS; empty if it has none. */
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The node's own `/etc/resolv.conf`. */
  readonly hostResolvConf: string;
  /** The node's own `/etc/hosts`. */
  readonly hostHosts: string;
}

/** The pod's `/etc/resolv.conf` by its `dnsPolicy` and `dnsConfig`. */
export function renderResolvConf(pod: Pod, node: NameResolution): string {
  const { clusterDns, clusterDomain, hostResolvConf } = node;
  return resolvConfFor(pod, { dnsAddress: clusterDns, domain: clusterDomain, hostResolvConf });
}

/** The name that the pod calls itself, and its full name if it belongs to a subdomain. */
export function hostnameOf(pod: Pod, clusterDomain: string): { name: string; fqdn?: string } {
  const { hostname, hostnameOverride, subdomain, setHostnameAsFQDN } = pod.spec ?? {};
  if (hostnameOverride) return { name: hostnameOverride };
  // A DNS label has at most 63 characters, a pod's name up to 253 and dots.
  const short = hostname ?? (pod.metadata.name ?? "").slice(0, 63).replace(/[-.]+$/, "");
  if (!subdomain) return { name: short };
  const fqdn = `${short}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`;
  return { name: setHostnameAsFQDN ? fqdn : short, fqdn };
}

/** The pod's `/etc/hosts`. Pods in the node's network see the node's own, with their aliases added. */
export function renderHosts(pod: Pod, ips: readonly string[], node: NameResolution): string {
  const aliases = (pod.spec?.hostAliases ?? [])
    .map(({ ip, hostnames = [] }) => [ip, ...hostnames].join("\t"));
  const tail = aliases.length > 0 ? ["", "# Entries added by HostAliases.", ...aliases, ""] : [""];
  if (pod.spec?.hostNetwork) {
    const head = "# Kubernetes-managed hosts file (host network).";
    return [head, node.hostHosts.trimEnd(), ...tail].join("\n");
  }
  const { name, fqdn } = hostnameOf(pod, node.clusterDomain);
  const names = fqdn && fqdn !== name ? `${fqdn}\t${name}` : name;
  return [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "fe00::\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
    ...ips.map((ip) => `${ip}\t${names}`),
    ...tail,
  ].join("\n");
}
