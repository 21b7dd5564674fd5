import {
  acceptsExternal,
  externalTargets,
  type ForwardedPort,
  hasEndpoints,
  hostPort,
  internalTargets,
} from "../forwarding_state.ts";
import { portChain, targetChain } from "../iptables/chain_names.ts";
import type { RenderOptions } from "../iptables/render_port.ts";
import type { Target } from "../targets.ts";

/** The maps that lead from an address or node port to a chain. */
export type MapName =
  | "service-ips"
  | "service-nodeports"
  | "refused-ips"
  | "refused-nodeports"
  | "firewall-ips";

/** One line of a map: what is looked up, and what is done then. */
export interface Element {
  readonly map: MapName;
  readonly key: string;
  readonly verdict: string;
}

/** The rules of one port, without any knowledge of the others. */
export interface RenderedPort {
  /** Chain to its rules, a line each. */
  readonly chains: ReadonlyMap<string, string>;
  /** Set to its declaration. */
  readonly sets: ReadonlyMap<string, string>;
  readonly elements: readonly Element[];
}

interface Context {
  readonly port: ForwardedPort;
  /** `ip` or `ip6`. */
  readonly ip: string;
  readonly podCidr: string | undefined;
  readonly bridgeNetfilter: boolean;
  readonly chains: Map<string, string>;
  readonly sets: Map<string, string>;
}

/** Rules for one port. Chains have the names that they have in iptables. */
export function renderPort(port: ForwardedPort, options: RenderOptions): RenderedPort {
  const context: Context = {
    port,
    ip: port.family === 6 ? "ip6" : "ip",
    podCidr: options.clusterCidrs.find((cidr) => cidr.includes(":") === (port.family === 6)),
    bridgeNetfilter: options.bridgeNetfilter,
    chains: new Map(),
    sets: new Map(),
  };
  const external = acceptsExternal(port);
  const usesLocal = port.internalPolicy === "Local" ||
    (port.externalPolicy === "Local" && external);
  const usesCluster = port.internalPolicy === "Cluster" || external;
  if (usesCluster && port.cluster.length > 0) renderSpread(context, "SVC", port.cluster);
  if (usesLocal && port.local.length > 0) renderSpread(context, "SVL", port.local);
  if (external && hasEndpoints(port)) renderExternalChain(context);
  if (port.sourceRanges.length > 0 && port.loadBalancerIPs.length > 0) renderFirewall(context);
  return { chains: context.chains, sets: context.sets, elements: renderElements(port) };
}

function renderElements(port: ForwardedPort): Element[] {
  const { protocol, nodePort, internalPolicy, clusterIP, loadBalancerIPs, externalIPs } = port;
  const at = (address: string) => `${address} . ${protocol} . ${port.port}`;
  const refusal = hasEndpoints(port) ? "drop" : "goto refuse";
  const own = portChain(internalPolicy === "Local" ? "SVL" : "SVC", port);
  const ext = `goto ${portChain("EXT", port)}`;
  const elements: Element[] = internalTargets(port).length > 0
    ? [{ map: "service-ips", key: at(clusterIP), verdict: `goto ${own}` }]
    : [{ map: "refused-ips", key: at(clusterIP), verdict: refusal }];
  const refused = externalTargets(port).length === 0;
  for (const address of [...externalIPs, ...loadBalancerIPs]) {
    const key = at(address);
    if (hasEndpoints(port)) elements.push({ map: "service-ips", key, verdict: ext });
    if (refused) elements.push({ map: "refused-ips", key, verdict: refusal });
  }
  if (nodePort !== undefined) {
    const key = `${protocol} . ${nodePort}`;
    if (hasEndpoints(port)) elements.push({ map: "service-nodeports", key, verdict: ext });
    if (refused) elements.push({ map: "refused-nodeports", key, verdict: refusal });
  }
  if (port.sourceRanges.length > 0) {
    const verdict = `goto ${portChain("FW", port)}`;
    for (const address of loadBalancerIPs) {
      elements.push({ map: "firewall-ips", key: at(address), verdict });
    }
  }
  return elements;
}

/** The chain that spreads connections over `targets`, and the chains of the targets. */
function renderSpread(context: Context, kind: "SVC" | "SVL", targets: readonly Target[]): void {
  const { port, ip, podCidr, chains } = context;
  const lines: string[] = [];
  const isInternal = kind === (port.internalPolicy === "Local" ? "SVL" : "SVC");
  if (isInternal && podCidr !== undefined) {
    lines.push(
      `${ip} saddr != ${podCidr} ${ip} daddr ${port.clusterIP} ${port.protocol} dport ${port.port}` +
        " jump mark-for-masquerade",
    );
  }
  const names = targets.map((target) => targetChain(port, target));
  if (port.affinitySeconds !== undefined) {
    lines.push(...names.map((name) => `${ip} saddr @${clientsOf(name, port)} goto ${name}`));
  }
  const choices = names.map((name, i) => `${i} : goto ${name}`).join(", ");
  lines.push(
    names.length === 1
      ? `goto ${names[0]}`
      : `numgen random mod ${names.length} vmap { ${choices} }`,
  );
  for (const target of targets) renderTarget(context, target);
  chains.set(portChain(kind, port), lines.join("\n"));
}

/** The set of clients that stay with a target. Its time is in the name, since a set in use cannot change it. */
function clientsOf(chain: string, { affinitySeconds }: ForwardedPort): string {
  return `${chain}-${affinitySeconds}`;
}

function renderTarget(context: Context, target: Target): void {
  const { port, ip, podCidr, bridgeNetfilter, chains, sets } = context;
  const chain = targetChain(port, target);
  const unseen = target.local && !bridgeNetfilter && podCidr !== undefined ? [podCidr] : [];
  const remember = port.affinitySeconds === undefined
    ? []
    : [`update @${clientsOf(chain, port)} { ${ip} saddr }`];
  chains.set(
    chain,
    [
      // A client that is its own server must see another address, or it would answer itself directly.
      ...[target.address, ...unseen].map((from) => `${ip} saddr ${from} jump mark-for-masquerade`),
      ...remember,
      `meta l4proto ${port.protocol} dnat to ${hostPort(target)}`,
    ].join("\n"),
  );
  if (port.affinitySeconds === undefined) return;
  const type = port.family === 6 ? "ipv6_addr" : "ipv4_addr";
  sets.set(
    clientsOf(chain, port),
    `{ type ${type}; size 65536; flags dynamic,timeout; timeout ${port.affinitySeconds}s; }`,
  );
}

/** The chain of traffic from outside; its policy decides whether the client's address survives. */
function renderExternalChain({ port, ip, podCidr, chains }: Context): void {
  const svc = portChain("SVC", port);
  const lines = port.externalPolicy === "Cluster" ? ["jump mark-for-masquerade", `goto ${svc}`] : [
    ...podCidr === undefined ? [] : [`${ip} saddr ${podCidr} goto ${svc}`],
    "fib saddr type local jump mark-for-masquerade",
    `fib saddr type local goto ${svc}`,
    ...port.local.length > 0 ? [`goto ${portChain("SVL", port)}`] : [],
  ];
  chains.set(portChain("EXT", port), lines.join("\n"));
}

function renderFirewall({ port, ip, chains }: Context): void {
  // A node that holds the balancer's address itself asks from that very address.
  const sources = [...port.sourceRanges, ...port.loadBalancerIPs];
  const lines = sources.map((from) => `${ip} saddr ${from} return`);
  chains.set(portChain("FW", port), [...lines, "drop"].join("\n"));
}
