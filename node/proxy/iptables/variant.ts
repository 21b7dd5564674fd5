import type { Host } from "../../host/host.ts";
import type { Family } from "../forwarding_state.ts";

/** Which of the kernel's two rule systems `iptables` speaks to; `default` where only the plain names exist. */
export type Variant = "nft" | "legacy" | "default";

/** The programs of one variant and family. */
export function programs(variant: Variant, family: Family): { save: string; restore: string } {
  const base = family === 6 ? "ip6tables" : "iptables";
  const name = variant === "default" ? base : `${base}-${variant}`;
  return { save: `${name}-save`, restore: `${name}-restore` };
}

/**
 * Chooses the variant that the machine's other rules are in, as kubernetes-sigs/iptables-wrappers does: a kubelet's
 * hint first, then rules of a proxy, then whichever has more rules, and nft if nothing tells them apart. Rules split
 * over both would be evaluated in an order that nobody chose.
 */
export async function detectVariant(host: Host): Promise<Variant> {
  const installed = await Promise.all([
    host.has("iptables-nft-restore"),
    host.has("iptables-legacy-restore"),
  ]);
  const [nft, legacy] = installed;
  if (!nft && !legacy) return "default";
  if (!nft || !legacy) return nft ? "nft" : "legacy";
  const [nftRules, legacyRules] = await Promise.all([saved(host, "nft"), saved(host, "legacy")]);
  return chooseVariant(nftRules, legacyRules);
}

/** The choice by what `iptables-save` prints for each. */
export function chooseVariant(nft: string, legacy: string): Variant {
  for (const sign of [/^:KUBE-(IPTABLES-HINT|KUBELET-CANARY)\b/gm, /^:KUBE-/gm]) {
    const counts = { nft: count(nft, sign), legacy: count(legacy, sign) };
    if (counts.nft > 0) return "nft";
    if (counts.legacy > 0) return "legacy";
  }
  return count(legacy, /^-/gm) > count(nft, /^-/gm) ? "legacy" : "nft";
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

async function saved(host: Host, variant: Variant): Promise<string> {
  const outputs = await Promise.all(([4, 6] as const).map(async (family) => {
    const { save } = programs(variant, family);
    if (!await host.has(save)) return "";
    const { code, stdout } = await host.run(save, []);
    return code === 0 ? new TextDecoder().decode(stdout) : "";
  }));
  return outputs.join("\n");
}
