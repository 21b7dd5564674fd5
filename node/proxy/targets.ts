import type { Endpoint, EndpointSlice } from "../../shared/api/discovery/v1/types.gen.ts";
import { type Family, familyOf } from "./address_family.ts";
import type { ProxyNode } from "./forwarding_state.ts";

/** A place that answers for a Service. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** Whether it is on this node. */
  readonly local: boolean;
}

export interface TargetQuery {
  readonly portName: string;
  /** As in the API: `TCP`. */
  readonly protocol: string;
  readonly family: Family;
  readonly node: ProxyNode;
}

export interface Targets {
  readonly cluster: readonly Target[];
  readonly local: readonly Target[];
}

/**
 * The endpoints that traffic to one port may go to: the ready ones, or while there is none those that still serve
 * although they terminate (KEP-1669), for the cluster and for this node apart. Among the ready ones of the cluster,
 * hints keep traffic in the zone or on the node (KEP-2433, KEP-3015) as long as every endpoint has one.
 */
export function selectTargets(slices: readonly EndpointSlice[], query: TargetQuery): Targets {
  const candidates = candidatesOf(slices, query);
  const ready = candidates.filter(({ endpoint }) => isReady(endpoint));
  const leaving = candidates.filter(({ endpoint }) => servesTerminating(endpoint));
  const isLocal = ({ target }: Candidate) => target.local;
  const cluster = ready.length > 0 ? hinted(ready, query.node) : leaving;
  const localReady = ready.filter(isLocal);
  return {
    cluster: sorted(cluster),
    local: sorted(localReady.length > 0 ? localReady : leaving.filter(isLocal)),
  };
}

interface Candidate {
  readonly endpoint: Endpoint;
  readonly target: Target;
}

function candidatesOf(slices: readonly EndpointSlice[], query: TargetQuery): Candidate[] {
  const { portName, protocol, family, node } = query;
  const candidates: Candidate[] = [];
  for (const { addressType, ports, endpoints } of slices) {
    if (addressType !== `IPv${family}`) continue;
    const port = ports?.find((each) =>
      (each.name ?? "") === portName && (each.protocol ?? "TCP") === protocol
    )?.port;
    if (!port) continue;
    for (const endpoint of endpoints ?? []) {
      // All addresses of an endpoint are interchangeable; consumers use the first.
      const address = endpoint.addresses[0];
      if (address === undefined || familyOf(address) !== family) continue;
      // The API server's own endpoints name no node.
      const local = endpoint.nodeName === undefined
        ? node.addresses.includes(address)
        : endpoint.nodeName === node.name;
      candidates.push({ endpoint, target: { address, port, local } });
    }
  }
  return candidates;
}

/** Unknown counts as ready, as the API says. */
function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready ?? true;
}

function servesTerminating({ conditions }: Endpoint): boolean {
  return conditions?.serving === true && conditions.terminating === true;
}

function hinted(ready: readonly Candidate[], node: ProxyNode): readonly Candidate[] {
  const near = (name: string | undefined, kind: "forNodes" | "forZones") => {
    if (name === undefined) return [];
    if (!ready.every(({ endpoint }) => (endpoint.hints?.[kind]?.length ?? 0) > 0)) return [];
    return ready.filter(({ endpoint }) =>
      endpoint.hints![kind]!.some((hint) => hint.name === name)
    );
  };
  const onNode = near(node.name, "forNodes");
  if (onNode.length > 0) return onNode;
  const inZone = near(node.zone, "forZones");
  return inZone.length > 0 ? inZone : ready;
}

/** In a fixed order and once each: while slices are rearranged an endpoint can be in two of them. */
function sorted(candidates: readonly Candidate[]): Target[] {
  const unique = new Map<string, Target>();
  for (const { target } of candidates) {
    unique.set(`${target.address} ${target.port}`, target);
  }
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, target]) => target);
}
