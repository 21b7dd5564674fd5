import type { Service } from "../../shared/api/core/v1/types.gen.ts";

/**
 * Variables by which a container finds the services of its namespace (and always the API's own). Only services with
 * an address of their own have any.
 */
export function serviceEnvironment(services: readonly Service[]): Map<string, string> {
  const variables = new Map<string, string>();
  for (const service of services) {
    const { clusterIP = "", ports = [] } = service.spec ?? {};
    const [first] = ports;
    if (clusterIP === "" || clusterIP === "None" || !first) continue;
    const prefix = variableName(service.metadata.name ?? "");
    const host = clusterIP.includes(":") ? `[${clusterIP}]` : clusterIP;
    variables.set(`${prefix}_SERVICE_HOST`, clusterIP);
    variables.set(`${prefix}_SERVICE_PORT`, String(first.port));
    for (const { name, port } of ports) {
      if (name) variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
    }
    const url = (protocol: string, port: number) => `${protocol.toLowerCase()}://${host}:${port}`;
    variables.set(`${prefix}_PORT`, url(first.protocol ?? "TCP", first.port));
    for (const { port, protocol = "TCP" } of ports) {
      const own = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
      variables.set(own, url(protocol, port));
      variables.set(`${own}_PROTO`, protocol.toLowerCase());
      variables.set(`${own}_PORT`, String(port));
      variables.set(`${own}_ADDR`, clusterIP);
    }
  }
  return variables;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
