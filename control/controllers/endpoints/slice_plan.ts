import { isDeepStrictEqual } from "node:util";
import type { Pod, Service } from "../../../shared/api/core/v1/types.gen.ts";
import type {
  Endpoint,
  EndpointPort,
  EndpointSlice,
} from "../../../shared/api/discovery/v1/types.gen.ts";
import { controllerReferenceTo, isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isReady } from "../pods/pod_state.ts";
import { hasEndpoint, hostnameOf, isHeadless, portsOf } from "./service_pods.ts";

/** Endpoints in one slice at most. */
export const MAX_ENDPOINTS = 100;
export const SERVICE_NAME = "kubernetes.io/service-name";
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "endpointslice-controller.k8s.io";
const HEADLESS = "service.kubernetes.io/headless";

/** What to write so that the slices of a service are right. */
export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
}

/** Endpoints that can share slices. */
interface Group {
  readonly addressType: string;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Map<string, Endpoint>;
}

/**
 * Compares the slices that exist with what the pods call for. An endpoint stays in the slice that it is in; slices
 * that change anyway take new endpoints first, so that as few slices as possible are written and sent to every node.
 */
export function planSlices(
  service: Service,
  pods: readonly Pod[],
  options: {
    readonly existing: readonly EndpointSlice[];
    readonly zoneOf: (node: string) => string | undefined;
  },
): SlicePlan {
  const groups = groupsOf(service, pods, options.zoneOf);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const remove: EndpointSlice[] = [];
  const rest = new Set(options.existing);
  for (const group of groups.values()) {
    const slices = [...rest].filter((slice) => groupKey(slice) === groupKey(group));
    for (const slice of slices) rest.delete(slice);
    const filled = fill(service, group, slices);
    create.push(...filled.create);
    update.push(...filled.update);
    remove.push(...filled.delete);
  }
  return { create, update, delete: [...remove, ...rest] };
}

/** One group for each address family even without endpoints: an empty slice says that there are none. */
function groupsOf(
  service: Service,
  pods: readonly Pod[],
  zoneOf: (node: string) => string | undefined,
): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const addressType of addressTypesOf(service)) {
    const before = groups.size;
    for (const pod of pods) {
      const address = hasEndpoint(pod) ? addressOf(pod, addressType) : undefined;
      if (address === undefined) continue;
      const ports = portsOf(service, pod);
      const key = groupKey({ addressType, ports });
      let group = groups.get(key);
      if (!group) groups.set(key, group = { addressType, ports, endpoints: new Map() });
      const endpoint = endpointOf(service, pod, { address, zoneOf });
      group.endpoints.set(endpointKey(endpoint), endpoint);
    }
    if (groups.size > before) continue;
    const empty: Group = { addressType, ports: [], endpoints: new Map() };
    groups.set(groupKey(empty), empty);
  }
  return groups;
}

function addressTypesOf({ spec }: Service): readonly string[] {
  const families = spec?.ipFamilies;
  return families?.length ? families : ["IPv4"];
}

function addressOf(pod: Pod, addressType: string): string | undefined {
  return pod.status?.podIPs?.find(({ ip = "" }) => ip.includes(":") === (addressType === "IPv6"))
    ?.ip;
}

function endpointOf(
  service: Service,
  pod: Pod,
  options: { address: string; zoneOf: (node: string) => string | undefined },
): Endpoint {
  const serving = isReady(pod);
  const terminating = isBeingDeleted(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const nodeName = pod.spec?.nodeName;
  const zone = nodeName ? options.zoneOf(nodeName) : undefined;
  const hostname = hostnameOf(service, pod);
  const { namespace, name, uid } = pod.metadata;
  return {
    addresses: [options.address],
    conditions: { ready, serving, terminating },
    ...(hostname !== undefined && { hostname }),
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(nodeName && { nodeName }),
    ...(zone !== undefined && { zone }),
  };
}

function endpointKey({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid}/${addresses[0]}`;
}

function groupKey(
  { addressType, ports }: {
    readonly addressType: string;
    readonly ports?: readonly EndpointPort[] | undefined;
  },
): string {
  const lines = (ports ?? []).map(({ name = "", protocol, port, appProtocol }) =>
    JSON.stringify([name, protocol, port, appProtocol])
  );
  return [addressType, ...lines.sort()].join("\n");
}

interface Draft {
  readonly slice: EndpointSlice;
  readonly endpoints: Endpoint[];
  changed: boolean;
}

function fill(service: Service, group: Group, slices: readonly EndpointSlice[]): SlicePlan {
  const labels = labelsOf(service);
  const missing = new Map(group.endpoints);
  const drafts = slices.map((slice) => keepWanted(slice, missing, labels));
  // Those that are written anyway come first.
  for (const draft of drafts.toSorted((a, b) => Number(b.changed) - Number(a.changed))) {
    for (const [key, endpoint] of missing) {
      if (draft.endpoints.length >= MAX_ENDPOINTS) break;
      draft.endpoints.push(endpoint);
      draft.changed = true;
      missing.delete(key);
    }
  }
  const spare = drafts.filter(({ endpoints }) => endpoints.length === 0);
  // An empty group keeps one slice.
  if (spare.length === drafts.length && missing.size === 0) spare.shift();
  const kept = drafts.filter((draft) => draft.changed && !spare.includes(draft));
  return {
    create: newSlices(service, group, { labels, endpoints: [...missing.values()] }, drafts.length),
    update: kept.map(({ slice, endpoints }) => ({
      ...slice,
      metadata: { ...slice.metadata, labels },
      endpoints,
    })),
    delete: spare.map(({ slice }) => slice),
  };
}

/** The slice with those of its endpoints that are wanted, which are taken out of `missing`. */
function keepWanted(
  slice: EndpointSlice,
  missing: Map<string, Endpoint>,
  labels: Readonly<Record<string, string>>,
): Draft {
  let changed = !isDeepStrictEqual(slice.metadata.labels, labels);
  const endpoints: Endpoint[] = [];
  for (const old of slice.endpoints ?? []) {
    const key = endpointKey(old);
    const wanted = missing.get(key);
    if (!wanted || !isDeepStrictEqual(wanted, old)) changed = true;
    if (!wanted) continue;
    endpoints.push(wanted);
    missing.delete(key);
  }
  return { slice, endpoints, changed };
}

function newSlices(
  service: Service,
  group: Group,
  content: { labels: Record<string, string>; endpoints: readonly Endpoint[] },
  existing: number,
): EndpointSlice[] {
  const { labels, endpoints } = content;
  const slices: EndpointSlice[] = [];
  const isMissing = existing === 0 && endpoints.length === 0;
  for (let at = 0; at < endpoints.length || (isMissing && at === 0); at += MAX_ENDPOINTS) {
    slices.push({
      kind: "EndpointSlice",
      apiVersion: "discovery.k8s.io/v1",
      metadata: {
        generateName: `${service.metadata.name}-`,
        namespace: service.metadata.namespace,
        labels,
        ownerReferences: [controllerReferenceTo(service)],
      },
      addressType: group.addressType,
      endpoints: endpoints.slice(at, at + MAX_ENDPOINTS),
      ports: [...group.ports],
    });
  }
  return slices;
}

function labelsOf(service: Service): Record<string, string> {
  return {
    ...service.metadata.labels,
    [SERVICE_NAME]: service.metadata.name!,
    [MANAGED_BY]: MANAGER,
    ...(isHeadless(service) && { [HEADLESS]: "" }),
  };
}
