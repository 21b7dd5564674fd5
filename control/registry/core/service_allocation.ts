import type { Service, ServicePort } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Random } from "../../../shared/clock/random.ts";
import { type FieldError, invalid } from "../../../shared/meta/field_error.ts";
import { invalidError } from "../errors.ts";
import type { StoreHooks } from "../store_types.ts";
import { ipv4ToNumber, ipv4ToText, NumberPool, parseIpv4Range } from "./address_pool.ts";

/** The reference's --service-node-port-range. */
const nodePorts = { first: 30000, last: 32767 };

export interface ServiceAllocationOptions {
  /** e.g. `10.96.0.0/12` */
  readonly serviceCidr: string;
  readonly random: Random;
}

/** What one request has taken so far, to be given back if it fails. */
type Undo = (() => void)[];

/**
 * Hands out cluster IPs and node ports to Services. The truth is in the Services themselves: `restore` takes in what
 * they hold when the server starts.
 */
export class ServiceAllocation implements StoreHooks {
  readonly #addresses: NumberPool;
  readonly #ports: NumberPool;
  readonly #cidr: string;

  constructor({ serviceCidr, random }: ServiceAllocationOptions) {
    const { first, last, cidr } = parseIpv4Range(serviceCidr);
    this.#cidr = cidr;
    this.#addresses = new NumberPool(first, last, random);
    this.#ports = new NumberPool(nodePorts.first, nodePorts.last, random);
  }

  /** Takes in what an existing Service holds. */
  restore(object: KubeObject): void {
    const service = object as Service;
    for (const ip of addressesOf(service)) this.#addresses.take(ipv4ToNumber(ip) ?? -1);
    for (const port of nodePortsOf(service)) this.#ports.take(port);
  }

  reserve(object: KubeObject, old: KubeObject | undefined, dryRun: boolean): () => void {
    const service = object as Service;
    const before = old as Service | undefined;
    const undo: Undo = [];
    const giveBack = () => undo.splice(0).forEach((release) => release());
    try {
      this.#reserveAddress(service, before, { undo, dryRun });
      this.#reservePorts(service, before, { undo, dryRun });
    } catch (error) {
      giveBack();
      throw error;
    }
    return giveBack;
  }

  /** After an update: what the old state held and the new one does not. */
  settle(object: KubeObject, old: KubeObject): void {
    const kept = new Set(addressesOf(object as Service));
    for (const ip of addressesOf(old as Service)) {
      if (!kept.has(ip)) this.#addresses.release(ipv4ToNumber(ip) ?? -1);
    }
    const ports = new Set(nodePortsOf(object as Service));
    for (const port of nodePortsOf(old as Service)) if (!ports.has(port)) this.#ports.release(port);
  }

  release(object: KubeObject): void {
    const service = object as Service;
    for (const ip of addressesOf(service)) this.#addresses.release(ipv4ToNumber(ip) ?? -1);
    for (const port of nodePortsOf(service)) this.#ports.release(port);
  }

  #reserveAddress(
    service: Service,
    old: Service | undefined,
    { undo, dryRun }: { readonly undo: Undo; readonly dryRun: boolean },
  ): void {
    const { spec } = service;
    if (!spec || spec.type === "ExternalName") return;
    const errors = familyErrors(service);
    if (errors.length > 0) throw refused(service, errors);
    fillFamilies(service);
    if (spec.clusterIP === "None") {
      spec.clusterIPs = ["None"];
      return;
    }
    const held = old && old.spec?.type !== "ExternalName" ? addressesOf(old) : [];
    const asked = spec.clusterIP || spec.clusterIPs?.[0];
    if (asked) {
      if (!held.includes(asked)) this.#takeAddress(service, asked, { undo, dryRun });
      spec.clusterIP = asked;
      spec.clusterIPs = [asked];
      return;
    }
    if (dryRun) {
      // Nothing is looked for: an address that is never given out stands for it, as in the reference.
      spec.clusterIP = this.#cidr.split("/")[0]!;
      spec.clusterIPs = [spec.clusterIP];
      return;
    }
    const value = this.#addresses.takeAny();
    if (value === undefined) {
      throw refused(service, [
        invalid(
          "spec.clusterIPs",
          spec.clusterIPs ?? null,
          "failed to allocate a serviceIP: range is full",
        ),
      ]);
    }
    undo.push(() => this.#addresses.release(value));
    spec.clusterIP = ipv4ToText(value);
    spec.clusterIPs = [spec.clusterIP];
  }

  #takeAddress(
    service: Service,
    ip: string,
    { undo, dryRun }: { readonly undo: Undo; readonly dryRun: boolean },
  ): void {
    const value = ipv4ToNumber(ip) ?? -1;
    if (dryRun && this.#addresses.contains(value)) return;
    const why = !this.#addresses.contains(value)
      ? `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${this.#cidr}`
      : this.#addresses.take(value)
      ? undefined
      : "provided IP is already allocated";
    if (why === undefined) {
      undo.push(() => this.#addresses.release(value));
      return;
    }
    throw refused(service, [
      invalid("spec.clusterIPs", [ip], `failed to allocate IP ${ip}: ${why}`),
    ]);
  }

  #reservePorts(
    service: Service,
    old: Service | undefined,
    { undo, dryRun }: { readonly undo: Undo; readonly dryRun: boolean },
  ): void {
    const { spec } = service;
    if (!spec || !wantsNodePorts(service)) return;
    const held = new Set(old ? nodePortsOf(old) : []);
    const given = new Map<string, number>();
    for (const [i, port] of (spec.ports ?? []).entries()) {
      const path = `spec.ports[${i}].nodePort`;
      // TCP and UDP of one port number share a node port.
      const shared = given.get(`${port.port}`);
      if (port.nodePort) {
        const known = held.has(port.nodePort) || [...given.values()].includes(port.nodePort);
        if (!known && !dryRun) this.#takePort(service, port.nodePort, { path, undo });
      } else {
        port.nodePort = shared !== undefined && !usedBySameProtocol(spec.ports!, i, shared)
          ? shared
          : this.#takeAnyPort(service, { path, undo });
      }
      given.set(`${port.port}`, port.nodePort);
    }
    if (spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local") {
      spec.healthCheckNodePort ||= old?.spec?.healthCheckNodePort ||
        this.#takeAnyPort(service, { path: "spec.healthCheckNodePort", undo });
    }
  }

  #takePort(
    service: Service,
    port: number,
    { path, undo }: { readonly path: string; readonly undo: Undo },
  ): void {
    if (!this.#ports.contains(port)) {
      throw refused(service, [
        invalid(
          path,
          port,
          `provided port is not in the valid range. The range of valid ports is ${nodePorts.first}-${nodePorts.last}`,
        ),
      ]);
    }
    if (!this.#ports.take(port)) {
      throw refused(service, [invalid(path, port, "provided port is already allocated")]);
    }
    undo.push(() => this.#ports.release(port));
  }

  #takeAnyPort(
    service: Service,
    { path, undo }: { readonly path: string; readonly undo: Undo },
  ): number {
    const port = this.#ports.takeAny();
    if (port === undefined) throw refused(service, [invalid(path, 0, "range is full")]);
    undo.push(() => this.#ports.release(port));
    return port;
  }
}

function refused(service: Service, errors: readonly FieldError[]) {
  return invalidError({ group: "", kind: "Service" }, service.metadata.name ?? "", errors);
}

/** A Service without a selector and an address may be of any family, as nothing here serves it. */
function familyErrors({ spec = {} }: Service): FieldError[] {
  if (spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0) return [];
  const errors = (spec.ipFamilies ?? []).flatMap((family, i) =>
    family === "IPv4"
      ? []
      : [invalid(`spec.ipFamilies[${i}]`, family, "not configured on this cluster")]
  );
  if (spec.ipFamilyPolicy === "RequireDualStack") {
    const detail = "this cluster is not configured for dual-stack services";
    errors.push(invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy, detail));
  }
  return errors;
}

/** One address family: this cluster's service network is IPv4. */
function fillFamilies({ spec }: Service): void {
  if (!spec) return;
  const headless = spec.clusterIP === "None";
  const selectorless = Object.keys(spec.selector ?? {}).length === 0;
  if (headless && selectorless && !spec.ipFamilyPolicy && !spec.ipFamilies) {
    // Nothing selects the endpoints, so they may be of either family.
    spec.ipFamilyPolicy = "RequireDualStack";
    spec.ipFamilies = ["IPv4", "IPv6"];
    return;
  }
  spec.ipFamilyPolicy ||= "SingleStack";
  if (!spec.ipFamilies?.length) spec.ipFamilies = ["IPv4"];
}

function wantsNodePorts({ spec }: Service): boolean {
  if (spec?.type === "NodePort") return true;
  return spec?.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false;
}

function usedBySameProtocol(
  ports: readonly ServicePort[],
  index: number,
  nodePort: number,
): boolean {
  const { protocol } = ports[index]!;
  return ports.some((other, i) =>
    i !== index && other.nodePort === nodePort && other.protocol === protocol
  );
}

function addressesOf({ spec }: Service): string[] {
  return (spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : [])).filter((ip) =>
    ip !== "None" && ip !== ""
  );
}

function nodePortsOf({ spec }: Service): number[] {
  const ports = (spec?.ports ?? []).flatMap(({ nodePort }) => nodePort ? [nodePort] : []);
  return spec?.healthCheckNodePort ? [...ports, spec.healthCheckNodePort] : ports;
}
