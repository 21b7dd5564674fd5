import { fractionWarnings } from "./fraction_warnings.ts";
import type { Container, ContainerPort, PodSpec } from "./types.gen.ts";

/** What is odd about the containers of a pod, though allowed. */
export function containerWarnings(spec: PodSpec, path: string): readonly string[] {
  const warnings: string[] = [];
  const visit = (containers: readonly Container[] | undefined, field: string) =>
    containers?.forEach((container, i) => {
      const at = `${path}.${field}[${i}]`;
      warnings.push(...resourceWarnings(container, at));
      warnings.push(...envWarnings(container, at));
      warnings.push(...portWarnings(container, at));
    });
  visit(spec.initContainers, "initContainers");
  visit(spec.containers, "containers");
  return warnings;
}

function resourceWarnings({ resources }: Container, path: string): readonly string[] {
  const warnings: string[] = [];
  for (const field of ["limits", "requests"] as const) {
    for (const name of ["memory", "ephemeral-storage"]) {
      const value = resources?.[field]?.[name];
      if (value !== undefined) {
        warnings.push(...fractionWarnings(value, `${path}.resources.${field}[${name}]`));
      }
    }
  }
  return warnings;
}

function envWarnings({ env }: Container, path: string): readonly string[] {
  const warnings: string[] = [];
  const values = new Map<string, string>();
  env?.forEach(({ name, value = "" }, i) => {
    const hidden = values.get(name);
    // A value that uses the hidden one means to extend it.
    if (hidden !== undefined && !value.includes(`$(${name})`)) {
      warnings.push(
        `${path}.env[${i}]: hides previous definition of ${
          JSON.stringify(name)
        }, which may be dropped when using apply`,
      );
    }
    values.set(name, value);
  });
  return warnings;
}

function portWarnings({ ports }: Container, path: string): readonly string[] {
  const warnings: string[] = [];
  ports?.forEach((port, i) => {
    const at = `${path}.ports[${i}]`;
    if (port.hostIP && !port.hostPort) {
      warnings.push(`${at}: hostIP set without hostPort: ${show(port)}`);
    }
    const twin = ports.slice(0, i).findIndex((other) =>
      other.containerPort === port.containerPort && other.protocol === port.protocol &&
      (other.hostPort ?? 0) === (port.hostPort ?? 0) && (other.hostIP ?? "") === (port.hostIP ?? "")
    );
    if (twin >= 0) {
      warnings.push(`${at}: duplicate port definition with ${path}.ports[${twin}]`);
    }
  });
  return warnings;
}

function show(port: ContainerPort): string {
  const { name = "", hostPort = 0, containerPort, protocol, hostIP = "" } = port;
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
