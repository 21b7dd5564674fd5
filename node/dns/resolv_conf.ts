import type { Pod, PodDNSConfig } from "../../shared/api/core/v1/types.gen.ts";

/** What a node knows about names. */
export interface NodeNames {
  /** Addresses of the cluster's DNS; without one, pods use what the node uses. */
  readonly dnsAddress: string | readonly string[];
  /** The cluster's domain: `cluster.local`. */
  readonly domain: string;
  /** The text of the node's own `/etc/resolv.conf`. */
  readonly hostResolvConf: string;
}

/** What a resolver's configuration says. */
export interface ResolverSettings {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** As the kubelet limits them: C libraries read no more servers, and the API admits no more domains. */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_LETTERS = 2048;

/** The pod's `/etc/resolv.conf` by its `dnsPolicy` and `dnsConfig`; what exceeds the limits is left out. */
export function resolvConfFor(pod: Pod, node: NodeNames): string {
  const { nameservers, searches, options } = merged(policySettings(pod, node), pod.spec?.dnsConfig);
  const servers = nameservers.slice(0, MAX_NAMESERVERS);
  const domains = limited(searches);
  return [
    ...(domains.length > 0 ? [`search ${domains.join(" ")}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(" ")}`] : []),
    "",
  ].join("\n");
}

/** Reads resolv.conf(5), where the last `search` line counts. */
export function parseResolvConf(text: string): ResolverSettings {
  const nameservers: string[] = [];
  const options: string[] = [];
  let searches: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line.replace(/[#;].*$/, "").trim().split(/\s+/);
    if (keyword === "nameserver") nameservers.push(...values.slice(0, 1));
    else if (keyword === "search" || keyword === "domain") searches = values;
    else if (keyword === "options") options.push(...values);
  }
  return { nameservers, searches: searches.filter((name) => name !== "."), options };
}

function policySettings(pod: Pod, node: NodeNames): ResolverSettings {
  const { dnsPolicy = "ClusterFirst", hostNetwork } = pod.spec ?? {};
  if (dnsPolicy === "None") return { nameservers: [], searches: [], options: [] };
  const host = parseResolvConf(node.hostResolvConf);
  const own = [node.dnsAddress].flat().filter((address) => address !== "");
  const usesCluster = dnsPolicy === "ClusterFirstWithHostNet" ||
    (dnsPolicy === "ClusterFirst" && !hostNetwork);
  if (!usesCluster || own.length === 0) return host;
  const { domain } = node;
  const namespace = pod.metadata.namespace ?? "";
  return {
    nameservers: own,
    searches: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain, ...host.searches],
    options: ["ndots:5"],
  };
}

function merged(base: ResolverSettings, own: PodDNSConfig | undefined): ResolverSettings {
  const options = new Map(base.options.map((option) => [option.split(":")[0]!, option]));
  for (const { name = "", value } of own?.options ?? []) {
    options.set(name, value === undefined || value === "" ? name : `${name}:${value}`);
  }
  return {
    nameservers: unique([...base.nameservers, ...(own?.nameservers ?? [])]),
    searches: unique([...base.searches, ...(own?.searches ?? [])]),
    options: [...options.values()],
  };
}

function limited(searches: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let letters = -1;
  for (const search of searches.slice(0, MAX_SEARCHES)) {
    letters += 1 + search.length;
    if (letters > MAX_SEARCH_LETTERS) break;
    kept.push(search);
  }
  return kept;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
