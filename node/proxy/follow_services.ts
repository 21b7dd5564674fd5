import type { Node } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type InformerSet, keyOf } from "../../shared/informer/informer.ts";
import { ChangeTracker, serviceKeyOf } from "./change_tracker.ts";
import type { ForwardingState } from "./forwarding_state.ts";

export interface FollowOptions {
  readonly nodeName: string;
  readonly nodeAddresses: readonly string[];
  /** Called when the state may have changed. */
  readonly onChange: () => void;
}

/** The forwarding state, kept up to date from informers. */
export interface ServiceFollower {
  /** Resolves when everything that the state depends on is known. */
  readonly ready: Promise<unknown>;
  state(): ForwardingState;
  stop(): void;
}

const ZONE_LABEL = "topology.kubernetes.io/zone";
const BY_SERVICE = "proxy/service";

/** Follows Services, EndpointSlices and the node's own zone. */
export function followServices(informers: InformerSet, options: FollowOptions): ServiceFollower {
  const services = informers.of(resources.services);
  const slices = informers.of(resources.endpointslices);
  const nodes = informers.of(resources.nodes);
  slices.addIndex(BY_SERVICE, (slice) => {
    const key = serviceKeyOf(slice);
    return key === undefined ? [] : [key];
  });
  const self = () => ({
    name: options.nodeName,
    addresses: options.nodeAddresses,
    zone: zoneOf(nodes.get(options.nodeName)),
  });
  const tracker = new ChangeTracker({
    service: (key) => services.get(key),
    slices: (key) => slices.byIndex(BY_SERVICE, key),
  }, self());
  const touch = (key: string | undefined) => {
    if (key === undefined) return;
    tracker.touch(key);
    options.onChange();
  };
  const ends = [
    services.onChange((service, previous) => touch(keyOf((service ?? previous)!))),
    slices.onChange((slice, previous) => {
      for (const each of [slice, previous]) touch(each && serviceKeyOf(each));
    }),
    nodes.onChange((node, previous) => {
      if ((node ?? previous)?.metadata.name !== options.nodeName) return;
      if (zoneOf(node) === zoneOf(previous)) return;
      tracker.setNode(self());
      options.onChange();
    }),
  ];
  return {
    ready: Promise.all([services.synced(), slices.synced(), nodes.synced()]),
    state: () => tracker.update(),
    stop: () => ends.forEach((end) => end()),
  };
}

function zoneOf(node: Node | undefined): string | undefined {
  return node?.metadata.labels?.[ZONE_LABEL];
}
