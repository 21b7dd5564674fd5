import type { Duplex } from "node:stream";
import type { Clock } from "../../shared/clock/clock.ts";
import { dialTcp } from "../../shared/stream/dial_tcp.ts";
import { join } from "../../shared/stream/write_all.ts";
import type { StreamService } from "../runtime/runtime_service.ts";
import { type Exchange, type PodAccess, respond } from "./exchange.ts";
import { NodeError } from "./node_error.ts";

/** Connects the stream with a port inside a pod, as seen from its own network. Throws NodeError. */
export async function servePortForward(
  exchange: Exchange,
  target: { readonly namespace: string; readonly pod: string },
  { pods, runtime }: { readonly pods: PodAccess; readonly runtime: StreamService },
): Promise<void> {
  const pod = pods.find(target.namespace, target.pod);
  if (!pod) throw new NodeError(404, "pod does not exist");
  const port = portOf(exchange.query);
  const network = await pods.network(pod);
  if (network === undefined) throw new NodeError(500, "the pod has no network");
  let duplex: Duplex;
  try {
    duplex = await runtime.dial(network, port);
  } catch (error) {
    throw new NodeError(500, (error as Error).message);
  }
  connectTo(exchange, duplex);
}

/** Connects the stream with an address that this node reaches: a pod, a service. Throws NodeError. */
export async function serveDial(exchange: Exchange, clock: Clock): Promise<void> {
  const host = exchange.query.get("host") ?? "";
  if (host === "") throw new NodeError(400, "a host must be given");
  const port = portOf(exchange.query);
  let socket: Duplex;
  try {
    socket = await dialTcp({ host, port }, { clock, signal: exchange.signal });
  } catch (error) {
    throw new NodeError(502, (error as Error).message);
  }
  connectTo(exchange, socket);
}

function connectTo(exchange: Exchange, duplex: Duplex): void {
  if (exchange.stream.destroyed) {
    duplex.destroy();
    return;
  }
  respond(exchange, 200, "application/octet-stream");
  join(exchange.stream, duplex);
}

function portOf(query: URLSearchParams): number {
  const port = Number(query.get("port"));
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new NodeError(400, `${JSON.stringify(query.get("port") ?? "")} is not a port`);
  }
  return port;
}
