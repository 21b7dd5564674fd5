import type { Family, ForwardedPort } from "../forwarding_state.ts";
import type { TablesOptions } from "../iptables/render_tables.ts";
import { type MapName, type RenderedPort, renderPort } from "./render_port.ts";

/** Everything of one address family. A chain that is empty is on its way out. */
export interface Ruleset {
  readonly chains: ReadonlyMap<string, string>;
  readonly sets: ReadonlyMap<string, string>;
  /** Map and key to verdict. */
  readonly elements: ReadonlyMap<string, string>;
}

/** Remembers the rules of ports between calls, so that unchanged ports cost nothing. */
export type PortRules = WeakMap<ForwardedPort, RenderedPort>;

/** The table that is ours alone; nobody else's rules are ever touched. */
export const TABLE = "coracle-proxy";

const mapTypes: Readonly<Record<MapName, string>> = {
  "service-ips": "ADDRESS . inet_proto . inet_service",
  "service-nodeports": "inet_proto . inet_service",
  "refused-ips": "ADDRESS . inet_proto . inet_service",
  "refused-nodeports": "inet_proto . inet_service",
  "firewall-ips": "ADDRESS . inet_proto . inet_service",
};

/** `ip coracle-proxy` or `ip6 coracle-proxy`. */
export function tableOf(family: Family): string {
  return `${family === 6 ? "ip6" : "ip"} ${TABLE}`;
}

/** The rules of all ports of one family. */
export function renderRuleset(
  ports: readonly ForwardedPort[],
  family: Family,
  options: TablesOptions & { readonly memory: PortRules },
): Ruleset {
  const chains = new Map<string, string>();
  const sets = new Map<string, string>();
  const elements = new Map<string, string>();
  for (const port of ports) {
    if (port.family !== family) continue;
    let rendered = options.memory.get(port);
    if (!rendered) options.memory.set(port, rendered = renderPort(port, options));
    for (const [chain, rules] of rendered.chains) chains.set(chain, rules);
    for (const [set, declaration] of rendered.sets) sets.set(set, declaration);
    for (const { map, key, verdict } of rendered.elements) {
      // Two Services may claim one external address: the first by name has it.
      const id = `${map} ${key}`;
      if (!elements.has(id)) elements.set(id, verdict);
    }
  }
  return { chains, sets, elements };
}

/** An `nft -f` script that replaces whatever is there by `after`, in one step. */
export function renderAll(after: Ruleset, family: Family, options: TablesOptions): string {
  const table = tableOf(family);
  const address = family === 6 ? "ipv6_addr" : "ipv4_addr";
  const maps = Object.entries(mapTypes).map(([name, type]) =>
    `add map ${table} ${name} { type ${type.replace("ADDRESS", address)} : verdict; }`
  );
  const base = baseChains(family, options);
  const empty: Ruleset = { chains: new Map(), sets: new Map(), elements: new Map() };
  return [
    // Deleting what is not there would be an error, so it is made first.
    `add table ${table}`,
    `delete table ${table}`,
    `add table ${table}`,
    ...maps,
    ...base.map(([chain, hook]) => `add chain ${table} ${chain}${hook ? ` { ${hook}; }` : ""}`),
    ...base.flatMap(([chain, , rules]) =>
      rules.map((rule) => `add rule ${table} ${chain} ${rule}`)
    ),
    renderChanges(empty, after, family).script,
  ].join("\n");
}

export interface Changes {
  /** Empty if nothing changed. */
  readonly script: string;
  /** What the kernel holds after it. */
  readonly result: Ruleset;
}

/**
 * An `nft -f` script that turns `before` into `after`. Chains that are no longer needed are emptied now and deleted
 * with the next change, because some kernels call a chain busy in the transaction that takes its last user away.
 */
export function renderChanges(before: Ruleset, after: Ruleset, family: Family): Changes {
  const table = tableOf(family);
  const written = differing(before.chains, after.chains);
  const stale = missing(before.chains, after.chains);
  const doomed = stale.filter(([, rules]) => rules === "");
  const emptied = stale.filter(([, rules]) => rules !== "");
  const elements = differing(before.elements, after.elements);
  const goneElements = missing(before.elements, after.elements);
  const newSets = differing(before.sets, after.sets);
  const staleSets = missing(before.sets, after.sets).filter(([set]) =>
    emptied.every(([chain]) => !set.startsWith(`${chain}-`))
  );
  const line = (id: string, verdict: string) => {
    const space = id.indexOf(" ");
    return `${table} ${id.slice(0, space)} { ${id.slice(space + 1)}${verdict} }`;
  };
  const script = [
    ...elements.filter(([id]) => before.elements.has(id)).concat(goneElements)
      .map(([id]) => `delete element ${line(id, "")}`),
    ...[...written, ...emptied].filter(([chain]) => before.chains.has(chain))
      .map(([chain]) => `flush chain ${table} ${chain}`),
    ...staleSets.map(([set]) => `delete set ${table} ${set}`),
    ...newSets.map(([set, declaration]) => `add set ${table} ${set} ${declaration}`),
    ...written.filter(([chain]) => !before.chains.has(chain))
      .map(([chain]) => `add chain ${table} ${chain}`),
    ...written.flatMap(([chain, rules]) =>
      rules.split("\n").map((rule) => `add rule ${table} ${chain} ${rule}`)
    ),
    ...elements.map(([id, verdict]) => `add element ${line(id, ` : ${verdict}`)}`),
    ...doomed.map(([chain]) => `delete chain ${table} ${chain}`),
    "",
  ].join("\n");
  const sets = new Map(after.sets);
  for (const [set, declaration] of missing(before.sets, after.sets)) {
    if (!staleSets.some(([name]) => name === set)) sets.set(set, declaration);
  }
  const chains = new Map(after.chains);
  for (const [chain] of emptied) chains.set(chain, "");
  return { script, result: { chains, sets, elements: after.elements } };
}

type Entries = [string, string][];

function differing(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Entries {
  return Array.from(after).filter(([key, value]) => before.get(key) !== value);
}

function missing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Entries {
  return Array.from(before).filter(([key]) => !after.has(key));
}

type BaseChain = readonly [name: string, hook: string, rules: readonly string[]];

/**
 * Chains that exist whatever is forwarded; those without a hook first, because the others lead to them. Priorities are
 * numbers since older versions of nft know their names in some hooks only: -100 is `dstnat`, 100 `srcnat`, 0 `filter`.
 */
function baseChains(family: Family, { localhostNodePorts }: TablesOptions): BaseChain[] {
  const ip = family === 6 ? "ip6" : "ip";
  const localhost = family === 6 ? "::1" : "127.0.0.0/8";
  const withLocalhost = family === 4 && localhostNodePorts;
  const notLocalhost = withLocalhost ? "" : `${ip} daddr != ${localhost} `;
  const onNode = `fib daddr type local ${notLocalhost}meta l4proto . th dport vmap`;
  const guard = `ct state new ip saddr != ${localhost} ip daddr ${localhost}` +
    " ct status & dnat != dnat drop";
  const byAddress = `${ip} daddr . meta l4proto . th dport vmap`;
  return [
    ["mark-for-masquerade", "", ["meta mark set meta mark or 0x4000"]],
    ["refuse", "", ["reject"]],
    ["services", "", [`${byAddress} @service-ips`, `${onNode} @service-nodeports`]],
    ["refusals", "", [`${byAddress} @refused-ips`, `${onNode} @refused-nodeports`]],
    ["prerouting", "type nat hook prerouting priority -100", ["jump services"]],
    ["output", "type nat hook output priority -100", ["jump services"]],
    // Before the machine's own masquerading, which would take the packet without looking at the mark.
    ["postrouting", "type nat hook postrouting priority 95", [
      "meta mark & 0x4000 == 0 return",
      "meta mark set meta mark xor 0x4000",
      "masquerade fully-random",
    ]],
    ["firewall", "type filter hook prerouting priority -110", [
      `ct state new ${byAddress} @firewall-ips`,
    ]],
    ["filter-input", "type filter hook input priority -5", [
      ...withLocalhost ? [guard] : [],
      "ct state new jump refusals",
    ]],
    ["filter-forward", "type filter hook forward priority -5", [
      "ct state new jump refusals",
    ]],
    ["filter-output", "type filter hook output priority -5", [
      "ct state new jump refusals",
    ]],
  ];
}
