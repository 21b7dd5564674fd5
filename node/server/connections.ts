import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../shared/clock/clock.ts";
import { join } from "../../shared/stream/write_all.ts";
import { dialMessage } from "../kubelet/prober/http_get.ts";
import type { StreamService } from "../runtime/runtime_service.ts";
import { type Exchange, type PodAccess, respond } from "./exchange.ts";
import { NodeError } from "./node_error.ts";

const dialMs = 30_000;

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
  connectTo(exchange, await dialTcp(host, portOf(exchange.query), clock));
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

function dialTcp(host: string, port: number, clock: Clock): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const fail = (error: Error & { code?: string }) => {
      timer.cancel();
      socket.destroy();
      reject(new NodeError(502, dialMessage(error, host, port)));
    };
    const timer = clock.after(
      dialMs,
      () => fail(Object.assign(new Error("timed out"), { code: "ETIMEDOUT" })),
    );
    socket.once("error", fail);
    socket.once("connect", () => {
      timer.cancel();
      socket.off("error", fail);
      resolve(socket);
    });
  });
}
