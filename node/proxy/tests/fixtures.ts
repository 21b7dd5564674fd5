import type { Service, ServicePort, ServiceSpec } from "../../../shared/api/core/v1/types.gen.ts";
import type { Endpoint, EndpointSlice } from "../../../shared/api/discovery/v1/types.gen.ts";

/** A Service `shop/<name>` with the cluster IP 10.96.0.10 and the TCP port 80, unless told otherwise. */
export function service(
  name = "web",
  spec: Partial<ServiceSpec> = {},
  ports: readonly ServicePort[] = [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }],
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "shop", uid: `uid-${name}`, resourceVersion: "1" },
    spec: { type: "ClusterIP", clusterIP: "10.96.0.10", ports: [...ports], ...spec },
  };
}

/** A slice of `shop/<name>` with one port that is called `http` and leads to TCP 8080. */
export function slice(
  endpoints: readonly Endpoint[],
  more: Partial<EndpointSlice> & { readonly service?: string } = {},
): EndpointSlice {
  const { service = "web", ...rest } = more;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${service}-1`,
      namespace: "shop",
      uid: `uid-${service}-1`,
      resourceVersion: "1",
      labels: { "kubernetes.io/service-name": service },
    },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: [...endpoints],
    ...rest,
  };
}

/** An endpoint on the node `n1`, ready unless `conditions` say otherwise. */
export function endpoint(address: string, more: Partial<Endpoint> = {}): Endpoint {
  return { addresses: [address], nodeName: "n1", conditions: { ready: true }, ...more };
}
