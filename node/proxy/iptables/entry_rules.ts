import type { TableName } from "./render_tables.ts";

/** A rule in a chain of the kernel that leads into one of ours. */
export interface EntryRule {
  readonly table: TableName;
  readonly chain: string;
  readonly match: string;
  readonly target: string;
  /**
   * `first`: before every foreign rule, because an accepting one would hide it. `present`: anywhere, because it
   * accepts itself and must not hide what others forbid.
   */
  readonly place: "first" | "present";
}

const portals = '-m comment --comment "kubernetes service portals"';
const external = '-m comment --comment "kubernetes externally-visible service portals"';
const firewall = '-m comment --comment "kubernetes load balancer firewall"';
const isNew = "-m conntrack --ctstate NEW";

/** Every way into our chains, in the order they take at the top of the kernel's chains. */
export const entryRules: readonly EntryRule[] = [
  first("nat", "PREROUTING", portals, "KUBE-SERVICES"),
  first("nat", "OUTPUT", portals, "KUBE-SERVICES"),
  first(
    "nat",
    "POSTROUTING",
    '-m comment --comment "kubernetes postrouting rules"',
    "KUBE-POSTROUTING",
  ),
  ...["INPUT", "FORWARD", "OUTPUT"].map((chain) =>
    first("filter", chain, `${isNew} ${firewall}`, "KUBE-PROXY-FIREWALL")
  ),
  first("filter", "INPUT", "", "KUBE-PROXY-LOCALNET"),
  first("filter", "INPUT", `${isNew} ${external}`, "KUBE-EXTERNAL-SERVICES"),
  first("filter", "FORWARD", `${isNew} ${external}`, "KUBE-EXTERNAL-SERVICES"),
  first("filter", "FORWARD", `${isNew} ${portals}`, "KUBE-SERVICES"),
  first("filter", "OUTPUT", `${isNew} ${portals}`, "KUBE-SERVICES"),
  {
    table: "filter",
    chain: "FORWARD",
    match: '-m comment --comment "kubernetes forwarding rules"',
    target: "KUBE-FORWARD",
    place: "present",
  },
];

function first(table: TableName, chain: string, match: string, target: string): EntryRule {
  return { table, chain, match, target, place: "first" };
}
