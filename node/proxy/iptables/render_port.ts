import {
  acceptsExternal,
  externalTargets,
  type ForwardedPort,
  hasEndpoints,
  hostPort,
  internalTargets,
} from "../forwarding_state.ts";
import type { Target } from "../targets.ts";
import { portChain, targetChain } from "./chain_names.ts";

export interface RenderOptions {
  /** The addresses of pods, at most one CIDR of each family; traffic from elsewhere is masqueraded. */
  readonly clusterCidrs: readonly string[];
  /**
   * Whether packets between pods on one bridge pass the rules. If not, an answer would miss the way back through
   * the translation, so connections from pods to pods of this node get the node's address.
   */
  readonly bridgeNetfilter: boolean;
}

/** The rules of one port: chains of its own, and its lines in the chains that all ports share. */
export interface RenderedPort {
  /** nat: chain to its text. */
  readonly chains: ReadonlyMap<string, string>;
  readonly natServices: readonly string[];
  readonly natNodePorts: readonly string[];
  readonly filterServices: readonly string[];
  readonly filterExternal: readonly string[];
  readonly filterFirewall: readonly string[];
}

/** Rules for one port, without any knowledge of the others. */
export function renderPort(port: ForwardedPort, options: RenderOptions): RenderedPort {
  const chains = new Map<string, string>();
  const internal = internalTargets(port);
  const external = externalTargets(port);
  const entries = renderExternalEntries(port);
  const podCidr = options.clusterCidrs.find((cidr) => cidr.includes(":") === (port.family === 6));
  const reachable = hasEndpoints(port);
  const usesLocal = port.internalPolicy === "Local" ||
    (port.externalPolicy === "Local" && acceptsExternal(port));
  // Pods and the node itself reach external addresses as if they were the cluster IP, whatever the policy.
  const usesCluster = port.internalPolicy === "Cluster" || acceptsExternal(port);
  const context = { port, podCidr, chains, ...options };
  if (usesCluster && port.cluster.length > 0) renderSpread(context, "SVC", port.cluster);
  if (usesLocal && port.local.length > 0) renderSpread(context, "SVL", port.local);
  if (acceptsExternal(port) && reachable) renderExternalChain(context);
  if (port.sourceRanges.length > 0 && port.loadBalancerIPs.length > 0 && reachable) {
    renderFirewallChain(context);
  }
  const refused = reachable ? "DROP" : "REJECT";
  const reason = reachable ? "has no local endpoints" : "has no endpoints";
  const refuse = (to: string) => `${comment(`${port.name} ${reason}`)} ${to} -j ${refused}`;
  return {
    chains,
    natServices: [
      ...internal.length > 0
        ? [
          `-A KUBE-SERVICES ${comment(`${port.name} cluster IP`)} ${to(port, port.clusterIP)} -j ${
            policyChain(port, port.internalPolicy)
          }`,
        ]
        : [],
      ...reachable ? entries.services : [],
    ],
    natNodePorts: reachable ? entries.nodePorts : [],
    filterServices: internal.length > 0
      ? []
      : [`-A KUBE-SERVICES ${refuse(to(port, port.clusterIP))}`],
    filterExternal: external.length > 0
      ? []
      : entries.destinations.map((to) => `-A KUBE-EXTERNAL-SERVICES ${refuse(to)}`),
    filterFirewall: port.sourceRanges.length === 0
      ? []
      : port.loadBalancerIPs.map((ip) =>
        `-A KUBE-PROXY-FIREWALL ${
          comment(`${port.name} traffic not accepted by ${portChain("FW", port)}`)
        } ${to(port, ip)} -j DROP`
      ),
  };
}

interface Context extends RenderOptions {
  readonly port: ForwardedPort;
  readonly podCidr: string | undefined;
  readonly chains: Map<string, string>;
}

function comment(text: string): string {
  return `-m comment --comment "${text}"`;
}

function to(port: ForwardedPort, address: string): string {
  const bits = port.family === 6 ? 128 : 32;
  return `-d ${address}/${bits} -p ${port.protocol} -m ${port.protocol} --dport ${port.port}`;
}

function policyChain(port: ForwardedPort, policy: "Cluster" | "Local"): string {
  return portChain(policy === "Local" ? "SVL" : "SVC", port);
}

function renderExternalEntries(port: ForwardedPort) {
  const { name, protocol, nodePort } = port;
  const ext = portChain("EXT", port);
  const balancer = port.sourceRanges.length > 0 ? portChain("FW", port) : ext;
  const match = `-p ${protocol} -m ${protocol} --dport ${nodePort}`;
  return {
    services: [
      ...port.externalIPs.map((ip) =>
        `-A KUBE-SERVICES ${comment(`${name} external IP`)} ${to(port, ip)} -j ${ext}`
      ),
      ...port.loadBalancerIPs.map((ip) =>
        `-A KUBE-SERVICES ${comment(`${name} loadbalancer IP`)} ${to(port, ip)} -j ${balancer}`
      ),
    ],
    nodePorts: nodePort === undefined
      ? []
      : [`-A KUBE-NODEPORTS ${comment(name)} ${match} -j ${ext}`],
    destinations: [
      ...[...port.externalIPs, ...port.loadBalancerIPs].map((ip) => to(port, ip)),
      ...nodePort === undefined ? [] : [`-m addrtype --dst-type LOCAL ${match}`],
    ],
  };
}

/** The chain that spreads connections over `targets`, and the chains of the targets. */
function renderSpread(context: Context, kind: "SVC" | "SVL", targets: readonly Target[]): void {
  const { port, podCidr, chains } = context;
  const chain = portChain(kind, port);
  const lines: string[] = [];
  const isInternal = kind === (port.internalPolicy === "Local" ? "SVL" : "SVC");
  if (isInternal && podCidr !== undefined) {
    lines.push(
      `-A ${chain} ! -s ${podCidr} ${to(port, port.clusterIP)} ${
        comment(`${port.name} cluster IP`)
      } -j KUBE-MARK-MASQ`,
    );
  }
  if (port.affinitySeconds !== undefined) {
    for (const target of targets) {
      const sep = targetChain(port, target);
      lines.push(
        `-A ${chain} ${comment(`${port.name} -> ${hostPort(target)}`)} -m recent --name ${sep}` +
          ` --rcheck --seconds ${port.affinitySeconds} --reap -j ${sep}`,
      );
    }
  }
  targets.forEach((target, i) => {
    const left = targets.length - i;
    const chance = left === 1
      ? ""
      : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`;
    const note = comment(`${port.name} -> ${hostPort(target)}`);
    lines.push(`-A ${chain} ${note}${chance} -j ${targetChain(port, target)}`);
    chains.set(targetChain(port, target), renderTarget(context, target));
  });
  chains.set(chain, text(lines));
}

function renderTarget(context: Context, target: Target): string {
  const { port, podCidr, bridgeNetfilter } = context;
  const chain = targetChain(port, target);
  const note = comment(port.name);
  const bits = port.family === 6 ? 128 : 32;
  const remember = port.affinitySeconds === undefined ? "" : ` -m recent --name ${chain} --set`;
  const unseen = target.local && !bridgeNetfilter && podCidr !== undefined ? [podCidr] : [];
  return text([
    // A client that is its own server must see another address, or it would answer itself directly.
    ...[`${target.address}/${bits}`, ...unseen].map((from) =>
      `-A ${chain} -s ${from} ${note} -j KUBE-MARK-MASQ`
    ),
    `-A ${chain} -p ${port.protocol} ${note}${remember} -m ${port.protocol} -j DNAT` +
    ` --to-destination ${hostPort(target)}`,
  ]);
}

/** The chain of traffic from outside; its policy decides whether the client's address survives. */
function renderExternalChain({ port, podCidr, chains }: Context): void {
  const chain = portChain("EXT", port);
  const add = (note: string, rest: string) =>
    `-A ${chain} ${comment(`${note} ${port.name} external destinations`)} ${rest}`;
  if (port.externalPolicy === "Cluster") {
    chains.set(
      chain,
      text([
        add("masquerade traffic for", "-j KUBE-MARK-MASQ"),
        ...port.cluster.length > 0 ? [`-A ${chain} -j ${portChain("SVC", port)}`] : [],
      ]),
    );
    return;
  }
  const local = "-m addrtype --src-type LOCAL";
  const short = port.cluster.length === 0 ? [] : [
    ...podCidr === undefined
      ? []
      : [add("pod traffic for", `-s ${podCidr} -j ${portChain("SVC", port)}`)],
    add("masquerade LOCAL traffic for", `${local} -j KUBE-MARK-MASQ`),
    add("route LOCAL traffic for", `${local} -j ${portChain("SVC", port)}`),
  ];
  const onward = port.local.length > 0 ? [`-A ${chain} -j ${portChain("SVL", port)}`] : [];
  chains.set(chain, text([...short, ...onward]));
}

/** Lets the allowed sources through; what returns from here stays untranslated and is dropped. */
function renderFirewallChain({ port, chains }: Context): void {
  const chain = portChain("FW", port);
  const note = comment(`${port.name} loadbalancer IP`);
  const bits = port.family === 6 ? 128 : 32;
  // A node that holds the balancer's address itself asks from that very address.
  const sources = [...port.sourceRanges, ...port.loadBalancerIPs.map((ip) => `${ip}/${bits}`)];
  chains.set(
    chain,
    text(sources.map((from) => `-A ${chain} -s ${from} ${note} -j ${portChain("EXT", port)}`)),
  );
}

function text(lines: readonly string[]): string {
  return lines.map((line) => line + "\n").join("");
}
