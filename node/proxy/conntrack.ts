import type { Host } from "../host/host.ts";
import type { ForwardedPort, ForwardingState } from "./forwarding_state.ts";

/** More deletions than this at once become a single one for all translated UDP flows. */
const MAX_DELETIONS = 200;

/**
 * `conntrack` argument lists that forget UDP flows which the kernel would go on sending where they went before: to
 * an endpoint that is gone, or untranslated because there was none when they began. TCP notices by itself.
 */
export function staleFlows(
  before: ForwardingState | undefined,
  after: ForwardingState,
): readonly (readonly string[])[] {
  const now = new Map(udpPorts(after).map((port) => [idOf(port), port]));
  const had = new Map(udpPorts(before ?? { ports: [] }).map((port) => [idOf(port), port]));
  const deletions: string[][] = [];
  for (const [id, port] of had) {
    if (now.get(id) === port) continue;
    const kept = now.has(id) ? addressesOf(now.get(id)!) : new Set<string>();
    for (const address of addressesOf(port)) {
      if (!kept.has(address)) deletions.push(...flowsTo(port, ["--dst-nat", address]));
    }
  }
  for (const [id, port] of now) {
    const previous = had.get(id);
    const awoke = port.cluster.length > 0 && (previous?.cluster.length ?? 0) === 0;
    if (awoke) deletions.push(...flowsTo(port, []));
  }
  return deletions.length > MAX_DELETIONS ? [["-D", "-p", "udp", "--dst-nat"]] : deletions;
}

/** Forgets flows as far as the machine can: without the program they end by their own time-out. */
export async function forgetFlows(
  host: Host,
  flows: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<void> {
  if (flows.length === 0 || !await host.has("conntrack")) return;
  // An exit code of 1 says that no flow matched.
  for (const args of flows) await host.run("conntrack", args, { signal });
}

function udpPorts({ ports }: ForwardingState): ForwardedPort[] {
  return ports.filter(({ protocol }) => protocol === "udp");
}

function idOf({ name, family }: ForwardedPort): string {
  return `${name} ${family}`;
}

function addressesOf({ cluster, local }: ForwardedPort): Set<string> {
  return new Set([...cluster, ...local].map(({ address }) => address));
}

function flowsTo(port: ForwardedPort, more: readonly string[]): string[][] {
  const base = ["-D", "-f", `ipv${port.family}`, "-p", "udp"];
  const { clusterIP, externalIPs, loadBalancerIPs, nodePort } = port;
  const flows = [clusterIP, ...externalIPs, ...loadBalancerIPs].map((address) => [
    ...base,
    ...["--orig-dst", address, "--orig-port-dst", String(port.port), ...more],
  ]);
  if (nodePort !== undefined) {
    flows.push([...base, "--orig-port-dst", String(nodePort), ...more]);
  }
  return flows;
}
