import type { Service } from "../../shared/api/core/v1/types.gen.ts";
import type { EndpointSlice } from "../../shared/api/discovery/v1/types.gen.ts";
import type { Random } from "../../shared/clock/random.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import { notFoundError } from "../registry/errors.ts";
import type { Destination } from "./network.ts";

/** A port of a Service, as webhooks and APIServices refer to it. */
export interface ServicePortRef {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/**
 * A ready endpoint of a Service, chosen by chance, the Service's first IP family preferred. Throws StatusError with the
 * reference's words (`ResolveEndpoint` of k8s.io/apiserver/pkg/util/proxy).
 */
export function serviceEndpoint(
  reader: AdmissionReader,
  { namespace, name, port }: ServicePortRef,
  random: Random,
): Destination {
  const service = reader.get<Service>("", "services", namespace, name);
  // The reference's listers name the resource in the singular.
  if (!service) throw notFoundError({ group: "", plural: "service" }, name);
  const { type = "ClusterIP", ports, ipFamilies, externalName = "" } = service.spec ?? {};
  if (type === "ExternalName") return { host: externalName, port };
  const found = ports?.find((one) => one.port === port);
  if (!found) {
    const message = `no service port ${port} found for service ${JSON.stringify(name)}`;
    throw new StatusError("ServiceUnavailable", message);
  }
  const slices = slicesOf(reader, namespace, name);
  for (const slice of preferring(slices, ipFamilies?.[0])) {
    const candidates = readyEndpoints(slice, found.name ?? "");
    const chosen = candidates[Math.floor(random.float() * candidates.length)];
    if (chosen) return chosen;
  }
  const message = `no endpoints available for service ${JSON.stringify(name)}`;
  throw new StatusError("ServiceUnavailable", message);
}

/** The EndpointSlices of a Service. */
export function slicesOf(
  reader: AdmissionReader,
  namespace: string,
  name: string,
): readonly EndpointSlice[] {
  return reader.list<EndpointSlice>("discovery.k8s.io", "endpointslices", namespace)
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name);
}

/** The ready endpoints of a slice that serve the port of that name. */
export function readyEndpoints(
  { endpoints, ports }: EndpointSlice,
  portName: string,
): readonly Destination[] {
  const port = ports?.find((one) => (one.name ?? "") === portName)?.port;
  if (port === undefined) return [];
  return (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    .map(({ addresses, nodeName }) => ({ host: addresses[0]!, port, node: nodeName }));
}

function preferring(
  slices: readonly EndpointSlice[],
  family: string | undefined,
): readonly EndpointSlice[] {
  const rank = ({ addressType }: EndpointSlice) => addressType === family ? 0 : 1;
  return [...slices].sort((a, b) => rank(a) - rank(b));
}
