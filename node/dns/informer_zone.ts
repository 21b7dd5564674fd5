import { isIP } from "node:net";
import { resources } from "../../shared/client/resources.gen.ts";
import type { InformerSet } from "../../shared/informer/informer.ts";
import { canonical, type ZoneSource } from "./zone.ts";

const SERVICE_NAME = "kubernetes.io/service-name";
const HEADLESS = "service.kubernetes.io/headless";
const indexes = {
  clusterIP: "dns/clusterIP",
  service: "dns/service",
  address: "dns/address",
} as const;

/** The zone's source from the node's own view of Services and EndpointSlices. */
export function informerZone(informers: InformerSet): ZoneSource & { readonly known: boolean } {
  const services = informers.of(resources.services);
  const slices = informers.of(resources.endpointslices);
  services.addIndex(indexes.clusterIP, ({ spec }) => {
    const { clusterIP, clusterIPs = clusterIP ? [clusterIP] : [] } = spec ?? {};
    return clusterIPs.filter((address) => isIP(address) !== 0).map(canonical);
  });
  slices.addIndex(indexes.service, ({ metadata: { namespace, labels } }) => {
    const name = labels?.[SERVICE_NAME];
    return name === undefined ? [] : [`${namespace}/${name}`];
  });
  slices.addIndex(indexes.address, ({ metadata: { labels }, endpoints }) => {
    if (labels?.[SERVICE_NAME] === undefined) return [];
    const headless = labels[HEADLESS] !== undefined;
    // Servers write an empty list as null.
    return (endpoints ?? []).filter(({ hostname }) => headless || hostname !== undefined)
      .flatMap(({ addresses }) => addresses)
      .filter((address) => isIP(address) !== 0).map(canonical);
  });
  return {
    service: (key) => services.get(key),
    slices: (key) => slices.byIndex(indexes.service, key),
    hasNamespace: (namespace) => services.list(namespace).length > 0,
    servicesAt: (address) => services.byIndex(indexes.clusterIP, address),
    slicesAt: (address) => slices.byIndex(indexes.address, address),
    get known() {
      return services.hasSynced && slices.hasSynced;
    },
  };
}
