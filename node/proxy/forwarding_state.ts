import { isIPv6 } from "node:net";
import type { Service, ServicePort } from "../../shared/api/core/v1/types.gen.ts";
import type { EndpointSlice } from "../../shared/api/discovery/v1/types.gen.ts";
import { type Family, familyOf } from "./address_family.ts";
import { selectTargets, type Target } from "./targets.ts";

export type { Family } from "./address_family.ts";
export type Protocol = "tcp" | "udp" | "sctp";

/** The node that forwards. */
export interface ProxyNode {
  readonly name: string;
  readonly addresses: readonly string[];
  /** The value of its `topology.kubernetes.io/zone` label, for endpoints meant for one zone. */
  readonly zone?: string | undefined;
}

/** One port of one Service in one address family, with everything that a backend needs to know. */
export interface ForwardedPort {
  /** `namespace/service:port`, or `namespace/service` for a port without a name. */
  readonly name: string;
  readonly family: Family;
  readonly protocol: Protocol;
  readonly clusterIP: string;
  readonly port: number;
  /** Answered on every address of the node. */
  readonly nodePort: number | undefined;
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  /** Who may use the load balancer addresses; empty means everybody. */
  readonly sourceRanges: readonly string[];
  /** How long a client stays with its endpoint; absent without session affinity. */
  readonly affinitySeconds: number | undefined;
  readonly internalPolicy: "Cluster" | "Local";
  readonly externalPolicy: "Cluster" | "Local";
  /** Where policy `Cluster` sends, sorted. */
  readonly cluster: readonly Target[];
  /** Where policy `Local` sends, sorted. */
  readonly local: readonly Target[];
}

/** What the node forwards, sorted by name, family and protocol. Parts that did not change are the same objects. */
export interface ForwardingState {
  readonly ports: readonly ForwardedPort[];
}

/** Services with this label belong to another proxy. */
const PROXY_NAME = "service.kubernetes.io/service-proxy-name";
/** Default of `sessionAffinityConfig.clientIP.timeoutSeconds`. */
const AFFINITY_SECONDS = 10_800;

/**
 * What `service` asks this node to forward, with `slices` being its EndpointSlices. Nothing for headless and
 * ExternalName Services and those of another proxy.
 */
export function forwardedPorts(
  service: Service,
  slices: readonly EndpointSlice[],
  node: ProxyNode,
): ForwardedPort[] {
  const { spec, metadata } = service;
  if (!spec || spec.type === "ExternalName" || metadata.labels?.[PROXY_NAME] !== undefined) {
    return [];
  }
  const { clusterIP, clusterIPs = clusterIP ? [clusterIP] : [] } = spec;
  const ports: ForwardedPort[] = [];
  for (const address of clusterIPs) {
    const family = familyOf(address);
    if (family === undefined) continue;
    for (const port of spec.ports ?? []) {
      ports.push(forwardedPort(service, port, { address, family, slices, node }));
    }
  }
  return ports;
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function hostPort({ address, port }: { address: string; port: number }): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Whether any node has a usable endpoint: if none has, clients are refused. */
export function hasEndpoints(port: ForwardedPort): boolean {
  return port.cluster.length > 0;
}

/** Whether clients outside the cluster can reach it. */
export function acceptsExternal(port: ForwardedPort): boolean {
  return port.nodePort !== undefined || port.externalIPs.length > 0 ||
    port.loadBalancerIPs.length > 0;
}

/** Where traffic to the cluster IP goes. */
export function internalTargets(port: ForwardedPort): readonly Target[] {
  return port.internalPolicy === "Local" ? port.local : port.cluster;
}

/** Where traffic to node ports, external addresses and load balancers goes. */
export function externalTargets(port: ForwardedPort): readonly Target[] {
  return port.externalPolicy === "Local" ? port.local : port.cluster;
}

interface Place {
  readonly address: string;
  readonly family: Family;
  readonly slices: readonly EndpointSlice[];
  readonly node: ProxyNode;
}

function forwardedPort(service: Service, port: ServicePort, place: Place): ForwardedPort {
  const { family, slices, node } = place;
  const spec = service.spec!;
  const { namespace, name } = service.metadata;
  const ofFamily = (addresses: readonly string[]) =>
    [...new Set(addresses)].filter((address) => familyOf(address) === family).sort();
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  const sticky = spec.sessionAffinity === "ClientIP";
  const protocol = port.protocol ?? "TCP";
  return {
    name: `${namespace}/${name}${port.name ? `:${port.name}` : ""}`,
    family,
    protocol: protocol.toLowerCase() as Protocol,
    clusterIP: place.address,
    port: port.port,
    nodePort: port.nodePort || undefined,
    externalIPs: ofFamily(spec.externalIPs ?? []),
    // KEP-1860: with mode Proxy the load balancer wants to see the traffic first.
    loadBalancerIPs: ofFamily(
      ingress.filter(({ ip, ipMode }) => ip && ipMode !== "Proxy").map(({ ip }) => ip!),
    ),
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim())
      .filter((range) => isRange(range, family)),
    affinitySeconds: sticky
      ? spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS
      : undefined,
    internalPolicy: spec.internalTrafficPolicy === "Local" ? "Local" : "Cluster",
    externalPolicy: spec.externalTrafficPolicy === "Local" ? "Local" : "Cluster",
    ...selectTargets(slices, { portName: port.name ?? "", protocol, family, node }),
  };
}

function isRange(range: string, family: Family): boolean {
  const [address = "", bits = ""] = range.split("/");
  return familyOf(address) === family && /^\d{1,3}$/.test(bits);
}
