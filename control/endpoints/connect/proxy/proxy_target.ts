import type { Node, Pod, Service } from "../../../../shared/api/core/v1/types.gen.ts";
import { StatusError } from "../../../../shared/meta/status_error.ts";
import type { Destination } from "../../../network/network.ts";
import { readyEndpoints, slicesOf } from "../../../network/service_endpoint.ts";
import { badRequest, notFoundError } from "../../../registry/errors.ts";
import type { StoreReader } from "../../../registry/reader.ts";
import type { RequestInfo } from "../../../server/request_context.ts";

/** Where a proxied request goes. */
export interface ProxyTarget extends Destination {
  readonly scheme: "http" | "https";
}

interface Named {
  readonly scheme: "http" | "https";
  readonly name: string;
  /** A number or a name; "" if none was given. */
  readonly port: string;
}

const defaultPorts = { http: 80, https: 443 };

/** `name`, `name:port` or `scheme:name:port`. Throws BadRequest. */
function parseName(text: string, kind: string): Named {
  const parts = text.split(":");
  const [scheme, name, port] = parts.length === 3 ? parts : ["", parts[0], parts[1] ?? ""];
  const known = scheme === "" || scheme === "http" || scheme === "https";
  if (parts.length > 3 || !known || !name) {
    throw badRequest(`invalid ${kind} request ${JSON.stringify(text)}`);
  }
  return { scheme: scheme || "http", name, port: port! };
}

/** The pod's own address; without a port the first that a container declares. Throws StatusError. */
export function podProxyTarget(reader: StoreReader, info: RequestInfo): ProxyTarget {
  const { scheme, name, port } = parseName(info.name, "pod");
  const pod = reader.get<Pod>("", "pods", info.namespace, name);
  if (!pod) throw notFoundError({ group: "", plural: "pods" }, name);
  const host = pod.status?.podIP ?? "";
  checkProxyable(host);
  const declared = pod.spec?.containers.find(({ ports = [] }) => ports.length > 0);
  return {
    scheme,
    host,
    port: port === "" ? declared?.ports?.[0]?.containerPort ?? defaultPorts[scheme] : portOf(port),
    node: pod.spec?.nodeName,
  };
}

/** A ready endpoint of the service, `turn` choosing among them. Throws StatusError. */
export function serviceProxyTarget(
  reader: StoreReader,
  info: RequestInfo,
  turn: number,
): ProxyTarget {
  const { scheme, name, port } = parseName(info.name, "service");
  const portName = /^\d+$/.test(port)
    ? nameOfPort(reader, { namespace: info.namespace, name }, Number(port))
    : port;
  const slices = slicesOf(reader, info.namespace, name);
  if (slices.every(({ endpoints }) => (endpoints ?? []).length === 0)) throw noEndpoints(name);
  const candidates = slices.flatMap((slice) => readyEndpoints(slice, portName));
  const chosen = candidates[turn % candidates.length];
  if (!chosen) throw noEndpoints(info.name);
  checkProxyable(chosen.host);
  return { scheme, ...chosen };
}

/** What a request for a node leads to: the node's own server, or a port of the node. */
export type NodeProxyTarget =
  | { readonly to: "node"; readonly node: string }
  | { readonly to: "port"; readonly target: ProxyTarget };

const kubeletPort = 10250;

/** Throws StatusError. `isConnected` says whether a node's agent is. */
export function nodeProxyTarget(
  reader: StoreReader,
  info: RequestInfo,
  isConnected: (node: string) => boolean,
): NodeProxyTarget {
  const { scheme, name, port } = parseName(info.name, "node");
  const node = reader.get<Node>("", "nodes", "", name);
  if (!node) throw notFoundError({ group: "", plural: "nodes" }, name);
  const addresses = node.status?.addresses ?? [];
  const isKubelet = port === "" || Number(port) === kubeletPort;
  if (isKubelet && (isConnected(name) || addresses.length > 0)) return { to: "node", node: name };
  const host = addresses.find(({ type }) => type === "InternalIP")?.address;
  if (host === undefined) {
    const known = addresses.map(({ type }) => type).join(" ");
    throw new StatusError("", `no preferred addresses found; known addresses: [${known}]`);
  }
  return { to: "port", target: { scheme, host, port: portOf(port), node: name } };
}

function nameOfPort(
  reader: StoreReader,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  number: number,
): string {
  const service = reader.get<Service>("", "services", namespace, name);
  if (!service) throw notFoundError({ group: "", plural: "services" }, name);
  const found = service.spec?.ports?.find(({ port }) => port === number);
  if (found) return found.name ?? "";
  const message = `no service port ${number} found for service ${JSON.stringify(name)}`;
  throw new StatusError("ServiceUnavailable", message);
}

function noEndpoints(name: string): StatusError {
  const message = `no endpoints available for service ${JSON.stringify(name)}`;
  return new StatusError("ServiceUnavailable", message);
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw badRequest(`address not allowed`);
}

/** Loopback and link-local addresses are the node's own: pods can claim any address in their status. */
function checkProxyable(host: string): void {
  const refused = host === "" ||
    /^(0\.0\.0\.0$|127\.|169\.254\.|22[4-9]\.|23\d\.|::1?$|fe[89ab][0-9a-f]:|ff)/i.test(host) ||
    /^::ffff:(127\.|169\.254\.)/i.test(host);
  if (refused) throw badRequest("address not allowed");
}
