import type { Service, ServiceSpec } from "./types.gen.ts";

/** How long client affinity lasts unless said otherwise: three hours. */
const AFFINITY_SECONDS = 10800;

/** Defaults of a Service that do not depend on the cluster; addresses and node ports are given by the registry. */
export function defaultService(obj: Service): void {
  const spec = obj.spec ??= {};
  spec.sessionAffinity ||= "None";
  spec.type ||= "ClusterIP";
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "ClientIP") {
    const config = spec.sessionAffinityConfig ??= {};
    config.clientIP ??= {};
    config.clientIP.timeoutSeconds ??= AFFINITY_SECONDS;
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= "TCP";
    if (!port.targetPort) port.targetPort = port.port;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= "Cluster";
  if (spec.type !== "ExternalName") spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of obj.status?.loadBalancer?.ingress ?? []) {
      if (ingress.ip) ingress.ipMode ??= "VIP";
    }
  }
}

/** A new Service has no load balancer yet. Who sets only the old field `clusterIP` means `clusterIPs` as well. */
export function prepareServiceForCreate(obj: Service): void {
  obj.status = { loadBalancer: {} };
  const { spec } = obj;
  if (spec?.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
}

/** Whether traffic from outside the cluster may reach it. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  return spec.type === "LoadBalancer" || spec.type === "NodePort" ||
    (spec.type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0);
}

/** Whether the type comes with an address in the cluster. */
export function needsClusterIp(spec: ServiceSpec): boolean {
  return spec.type === "ClusterIP" || spec.type === "NodePort" || spec.type === "LoadBalancer";
}

/** Fields that a client of only the old fields leaves behind, and those that no longer fit the new type. */
export function prepareServiceForUpdate(obj: Service, old: Service): void {
  const spec = obj.spec ??= {};
  const oldSpec = old.spec ?? {};
  if (spec.type !== "LoadBalancer" && obj.status?.loadBalancer?.ingress) {
    obj.status.loadBalancer = {};
  }
  patchAllocatedValues(spec, oldSpec);
  normalizeClusterIps(spec, oldSpec);
  dropTypeDependentFields(spec, oldSpec);
}

/** Whether nodes open ports for it; a load balancer may do without. */
export function needsNodePort(spec: ServiceSpec): boolean {
  return spec.type === "NodePort" ||
    (spec.type === "LoadBalancer" && (spec.allocateLoadBalancerNodePorts ?? true));
}

/** Whether it has a node port for the health checks of load balancers. */
export function needsHealthCheckNodePort(spec: ServiceSpec): boolean {
  return spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
}

/** A PUT may leave out what the server once chose: it keeps it. */
function patchAllocatedValues(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(spec) && needsClusterIp(old)) {
    spec.clusterIP ||= old.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === old.clusterIP && old.clusterIPs) {
      spec.clusterIPs = [...old.clusterIPs];
    }
  }
  if (needsNodePort(spec) && needsNodePort(old)) keepNodePorts(spec, old);
  if (needsHealthCheckNodePort(spec) && needsHealthCheckNodePort(old)) {
    spec.healthCheckNodePort ||= old.healthCheckNodePort;
  }
}

function keepNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const taken = new Set(
    (spec.ports ?? []).map(({ protocol, nodePort }) => `${protocol}/${nodePort}`),
  );
  const known = new Map(
    (old.ports ?? []).map(({ protocol, port, nodePort }) => [`${protocol}/${port}`, nodePort]),
  );
  for (const port of spec.ports ?? []) {
    const nodePort = known.get(`${port.protocol}/${port.port}`);
    if (!port.nodePort && nodePort && !taken.has(`${port.protocol}/${nodePort}`)) {
      port.nodePort = nodePort;
    }
  }
}

/** Who changes only the old field `clusterIP` means `clusterIPs` as well. */
function normalizeClusterIps(spec: ServiceSpec, old: ServiceSpec): void {
  if ((spec.clusterIP ?? "") === (old.clusterIP ?? "")) return;
  if (!sameList(spec.clusterIPs, old.clusterIPs)) return;
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  else delete spec.clusterIPs;
}

/** What the old type needed and the new one does not is dropped, unless the client changed it. */
function dropTypeDependentFields(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(old) && !needsClusterIp(spec)) {
    if (spec.clusterIP === old.clusterIP && sameList(spec.clusterIPs, old.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameList(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies;
    dropUnchanged(spec, old, "ipFamilyPolicy");
    dropUnchanged(spec, old, "internalTrafficPolicy");
  }
  if (needsNodePort(old) && !needsNodePort(spec) && sameNodePorts(spec, old)) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (needsHealthCheckNodePort(old) && !needsHealthCheckNodePort(spec)) {
    dropUnchanged(spec, old, "healthCheckNodePort");
  }
  if (old.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    dropUnchanged(spec, old, "allocateLoadBalancerNodePorts");
    dropUnchanged(spec, old, "loadBalancerClass");
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) {
    dropUnchanged(spec, old, "externalTrafficPolicy");
  }
}

function dropUnchanged(spec: ServiceSpec, old: ServiceSpec, field: keyof ServiceSpec): void {
  if (spec[field] === old[field]) delete spec[field];
}

function sameNodePorts(spec: ServiceSpec, old: ServiceSpec): boolean {
  const ports = (of: ServiceSpec) => (of.ports ?? []).map((port) => port.nodePort ?? 0).sort();
  return sameList(ports(spec), ports(old));
}

function sameList<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean {
  return (a?.length ?? 0) === (b?.length ?? 0) && (a ?? []).every((item, i) => item === b?.[i]);
}
