import type {
  EndpointAddress,
  EndpointSubset,
  Pod,
  Service,
} from "../../../shared/api/core/v1/types.gen.ts";
import { isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isReady } from "../pods/pod_state.ts";
import { hasEndpoint, hostnameOf, portsOf, type ResolvedPort } from "./service_pods.ts";

/** Addresses in one Endpoints object at most; the rest is only in EndpointSlices. */
export const MAX_ADDRESSES = 1000;

interface Group {
  readonly ports: readonly ResolvedPort[];
  readonly ready: EndpointAddress[];
  readonly notReady: EndpointAddress[];
}

/** The subsets of a Service's Endpoints: pods that offer the same ports share one. Sorted, so that equal means equal. */
export function subsetsOf(
  service: Service,
  pods: readonly Pod[],
): { subsets: EndpointSubset[]; truncated: boolean } {
  const groups = new Map<string, Group>();
  const publish = service.spec?.publishNotReadyAddresses === true;
  const reachable = pods.filter((pod) => hasEndpoint(pod) && (publish || !isBeingDeleted(pod)));
  const kept = reachable.toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)))
    .slice(0, MAX_ADDRESSES);
  for (const pod of kept) {
    const address = addressOf(service, pod);
    if (!address) continue;
    const ports = portsOf(service, pod).toSorted((a, b) => a.name < b.name ? -1 : 1);
    // A service with ports of which the pod offers none is not served by it.
    if (ports.length === 0 && (service.spec?.ports?.length ?? 0) > 0) continue;
    const key = JSON.stringify(ports);
    let group = groups.get(key);
    if (!group) groups.set(key, group = { ports, ready: [], notReady: [] });
    (publish || isReady(pod) ? group.ready : group.notReady).push(address);
  }
  const byIp = (a: EndpointAddress, b: EndpointAddress) => a.ip < b.ip ? -1 : 1;
  const subsets = [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([, group]) => ({
    ...(group.ready.length > 0 && { addresses: group.ready.sort(byIp) }),
    ...(group.notReady.length > 0 && { notReadyAddresses: group.notReady.sort(byIp) }),
    ...(group.ports.length > 0 && { ports: group.ports.map(withoutEmptyName) }),
  }));
  return { subsets, truncated: reachable.length > MAX_ADDRESSES };
}

/** Endpoints have one address family: the service's first. */
function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const family = service.spec?.ipFamilies?.[0];
  const ip = pod.status?.podIPs?.find(({ ip = "" }) =>
    family === undefined || ip.includes(":") === (family === "IPv6")
  )?.ip;
  if (ip === undefined) return undefined;
  const { namespace, name, uid } = pod.metadata;
  const nodeName = pod.spec?.nodeName;
  const hostname = hostnameOf(service, pod);
  return {
    ip,
    ...(hostname !== undefined && { hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
}

function withoutEmptyName({ name, ...port }: ResolvedPort) {
  return name === "" ? port : { name, ...port };
}
