import type { KubeObject } from "../../shared/api/kind.ts";

/** What the objects of one installation depend on. */
export interface Installation {
  /** One, or one of each family; the first is the primary one. */
  readonly serviceCidrs: readonly string[];
  /** Cluster IP of the `kubernetes` Service: the first address of the first CIDR. */
  readonly serviceAddress: string;
  /** Where nodes and pods reach the server itself. */
  readonly advertised: { readonly addresses: readonly string[]; readonly port: number };
  /** PEM of the roots that verify client certificates. */
  readonly clientAuthority: string;
  /** Whom aggregated API servers believe when it names a user; absent: no aggregation. */
  readonly requestHeader?: { readonly authority: string; readonly allowedNames: readonly string[] };
  /** A `metav1.Time`. */
  readonly now: string;
}

/** The objects that tell the cluster about its own server: service range, `kubernetes` Service, who verifies whom. */
export function installationObjects(installation: Installation): readonly KubeObject[] {
  return [
    serviceCidr(installation),
    kubernetesService(installation),
    ipAddress(installation.serviceAddress),
    endpoints(installation),
    ...endpointSlices(installation),
    authenticationConfig(installation),
    tokenTracking(installation),
  ];
}

function serviceCidr({ serviceCidrs, now }: Installation): KubeObject {
  const object = {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name: "kubernetes" },
    spec: { cidrs: [...serviceCidrs] },
    status: {
      conditions: [{
        type: "Ready",
        status: "True",
        lastTransitionTime: now,
        reason: "",
        message: "Kubernetes default Service CIDR is ready",
      }],
    },
  };
  return object;
}

function kubernetesService({ serviceAddress, advertised }: Installation): KubeObject {
  const object = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { component: "apiserver", provider: "kubernetes" },
    },
    spec: {
      ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: advertised.port }],
      clusterIP: serviceAddress,
      clusterIPs: [serviceAddress],
      type: "ClusterIP",
      sessionAffinity: "None",
      ipFamilies: [familyOf(serviceAddress)],
      ipFamilyPolicy: "SingleStack",
      internalTrafficPolicy: "Cluster",
    },
    status: { loadBalancer: {} },
  };
  return object;
}

function ipAddress(address: string): KubeObject {
  const object = {
    apiVersion: "networking.k8s.io/v1",
    kind: "IPAddress",
    metadata: {
      name: address,
      labels: {
        "ipaddress.kubernetes.io/ip-family": familyOf(address),
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
      },
    },
    spec: { parentRef: { resource: "services", namespace: "default", name: "kubernetes" } },
  };
  return object;
}

/** The same as the slice, for those who still read Endpoints; mirroring it would make a second slice. */
function endpoints({ advertised, serviceAddress }: Installation): KubeObject {
  const family = familyOf(serviceAddress);
  const addresses = advertised.addresses.filter((address) => familyOf(address) === family);
  const object = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
    },
    subsets: [{
      addresses: addresses.map((ip) => ({ ip })),
      ports: [{ name: "https", port: advertised.port, protocol: "TCP" }],
    }],
  };
  return object;
}

function endpointSlices({ advertised, serviceAddress }: Installation): readonly KubeObject[] {
  const family = familyOf(serviceAddress);
  const addresses = advertised.addresses.filter((address) => familyOf(address) === family);
  const object = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { "kubernetes.io/service-name": "kubernetes" },
    },
    addressType: family,
    endpoints: addresses.map((address) => ({
      addresses: [address],
      conditions: { ready: true },
    })),
    ports: [{ name: "https", port: advertised.port, protocol: "TCP" }],
  };
  return [object];
}

/**
 * From this, aggregated API servers learn whom to believe: clients' certificates, and this server about its users. Source:
 * https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/.
 */
export function authenticationConfig(
  { clientAuthority, requestHeader }: Pick<Installation, "clientAuthority" | "requestHeader">,
): KubeObject {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "extension-apiserver-authentication", namespace: "kube-system" },
    data: {
      "client-ca-file": clientAuthority,
      ...(requestHeader && {
        "requestheader-allowed-names": JSON.stringify(requestHeader.allowedNames),
        "requestheader-client-ca-file": requestHeader.authority,
        "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
        "requestheader-group-headers": '["X-Remote-Group"]',
        "requestheader-username-headers": '["X-Remote-User"]',
      }),
    },
  };
  return object;
}

/** Since when use of legacy service account tokens is recorded; a date. */
function tokenTracking({ now }: Installation): KubeObject {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "kube-apiserver-legacy-service-account-token-tracking",
      namespace: "kube-system",
    },
    data: { since: now.slice(0, 10) },
  };
  return object;
}

function familyOf(address: string): "IPv4" | "IPv6" {
  return address.includes(":") ? "IPv6" : "IPv4";
}
