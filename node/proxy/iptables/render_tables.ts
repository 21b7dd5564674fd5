import type { Family, ForwardedPort } from "../forwarding_state.ts";
import { type RenderedPort, type RenderOptions, renderPort } from "./render_port.ts";

export type TableName = "nat" | "filter";

/** Chain to its text (`-A …` lines), for each table. */
export type Tables = Readonly<Record<TableName, ReadonlyMap<string, string>>>;

/** The bit that marks packets for masquerading on their way out. */
const MARK = "0x4000/0x4000";

/** Chains that exist whatever is forwarded. `KUBE-FIREWALL` may be made by others too, so it keeps away from it. */
export const staticChains: Readonly<Record<TableName, readonly string[]>> = {
  nat: ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"],
  filter: [
    "KUBE-SERVICES",
    "KUBE-EXTERNAL-SERVICES",
    "KUBE-PROXY-FIREWALL",
    "KUBE-PROXY-LOCALNET",
    "KUBE-FORWARD",
  ],
};

export interface TablesOptions extends RenderOptions {
  /** Node ports answer on 127.0.0.1 too, which is safe only with the rule that keeps others off it. */
  readonly localhostNodePorts: boolean;
}

/** Remembers the rules of ports between calls, so that unchanged ports cost nothing. */
export type PortRules = WeakMap<ForwardedPort, RenderedPort>;

/** All chains of one address family. */
export function renderTables(
  ports: readonly ForwardedPort[],
  family: Family,
  options: TablesOptions & { readonly memory: PortRules },
): Tables {
  const nat = new Map<string, string>();
  const shared = {
    natServices: [] as string[],
    natNodePorts: [] as string[],
    filterServices: [] as string[],
    filterExternal: [] as string[],
    filterFirewall: [] as string[],
  };
  for (const port of ports) {
    if (port.family !== family) continue;
    const rendered = remembered(port, options);
    for (const [chain, rules] of rendered.chains) nat.set(chain, rules);
    for (const key of Object.keys(shared) as (keyof typeof shared)[]) {
      shared[key].push(...rendered[key]);
    }
  }
  nat.set("KUBE-SERVICES", text([...shared.natServices, nodePortsRule(family, options)]));
  nat.set("KUBE-NODEPORTS", text(shared.natNodePorts));
  nat.set("KUBE-MARK-MASQ", text([`-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000`]));
  nat.set("KUBE-POSTROUTING", text(postrouting));
  return {
    nat,
    filter: new Map([
      ["KUBE-SERVICES", text(shared.filterServices)],
      ["KUBE-EXTERNAL-SERVICES", text(shared.filterExternal)],
      ["KUBE-PROXY-FIREWALL", text(shared.filterFirewall)],
      ["KUBE-PROXY-LOCALNET", text(family === 4 && options.localhostNodePorts ? [localnet] : [])],
      ["KUBE-FORWARD", text(forward)],
    ]),
  };
}

function remembered(
  port: ForwardedPort,
  options: RenderOptions & { readonly memory: PortRules },
): RenderedPort {
  const known = options.memory.get(port);
  if (known) return known;
  const rendered = renderPort(port, options);
  options.memory.set(port, rendered);
  return rendered;
}

/** Last in its chain: a Service's own address is looked for before any address of the node. */
function nodePortsRule(family: Family, { localhostNodePorts }: TablesOptions): string {
  const loopback = family === 6 ? " ! -d ::1/128" : localhostNodePorts ? "" : " ! -d 127.0.0.0/8";
  return `-A KUBE-SERVICES${loopback} -m comment --comment "kubernetes service nodeports"` +
    " -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS";
}

const postrouting = [
  `-A KUBE-POSTROUTING -m mark ! --mark ${MARK} -j RETURN`,
  // The mark goes, so that a packet which passes here again (over a tunnel) is not masqueraded twice.
  "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000",
  `-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT"` +
  " -j MASQUERADE --random-fully",
];

const forward = [
  // Packets that the translation lost track of would reach the client with a foreign address and reset it.
  "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
  `-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark ${MARK} -j ACCEPT`,
  `-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule"` +
  " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
];

const localnet =
  `-A KUBE-PROXY-LOCALNET ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming` +
  ` localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`;

function text(lines: readonly string[]): string {
  return lines.map((line) => line + "\n").join("");
}
