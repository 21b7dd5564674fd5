/** What the rules for leaving the cluster depend on. */
export interface MasqueradeOptions {
  readonly podCidrs: readonly string[];
  /** Destinations that see the pod's own address: pods and services of the cluster. */
  readonly clusterCidrs: readonly string[];
}

/**
 * `iptables-restore --noflush` input for one address family: packets of pods to outside the cluster get the node's
 * address, and forwarding to and from pods is allowed even where the machine's firewall drops by default. The
 * chains are ours and emptied by being declared, so the same text can be applied again and again.
 */
export function renderMasquerade(options: MasqueradeOptions, family: 4 | 6): string {
  const pods = options.podCidrs.filter((cidr) => familyOf(cidr) === family);
  const cluster = options.clusterCidrs.filter((cidr) => familyOf(cidr) === family);
  const multicast = family === 4 ? "224.0.0.0/4" : "ff00::/8";
  const stay = [...new Set([...cluster, multicast])];
  return [
    "*nat",
    ":CORACLE-MASQ - [0:0]",
    ...pods.flatMap((pod) => [
      ...stay.map((to) => `-A CORACLE-MASQ -s ${pod} -d ${to} -j RETURN`),
      `-A CORACLE-MASQ -s ${pod} -j MASQUERADE --random-fully`,
    ]),
    "COMMIT",
    "*filter",
    ":CORACLE-FWD - [0:0]",
    ...[...new Set([...pods, ...cluster])].flatMap((cidr) => [
      `-A CORACLE-FWD -s ${cidr} -j ACCEPT`,
      `-A CORACLE-FWD -d ${cidr} -j ACCEPT`,
    ]),
    "COMMIT",
    "",
  ].join("\n");
}

/** The rules that lead into our chains; each is added once and can be found again by these very words. */
export const entryRules: readonly { readonly table: string; readonly rule: readonly string[] }[] = [
  {
    table: "nat",
    rule: ["POSTROUTING", "-m", "comment", "--comment", "coracle pod egress", "-j", "CORACLE-MASQ"],
  },
  {
    table: "filter",
    rule: ["FORWARD", "-m", "comment", "--comment", "coracle pod traffic", "-j", "CORACLE-FWD"],
  },
];

/** 4 or 6. */
export function familyOf(addressOrCidr: string): 4 | 6 {
  return addressOrCidr.includes(":") ? 6 : 4;
}
