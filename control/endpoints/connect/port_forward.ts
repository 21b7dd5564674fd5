import type { Duplex } from "node:stream";
// @ts-types="npm:@types/ws@8.18.1"
import { createWebSocketStream } from "ws";
import { badRequest } from "../../registry/errors.ts";
import type { Upgrade } from "../../server/request_context.ts";
import type { ResourceRequest } from "../resource_request.ts";
import type { ConnectDependencies } from "./dependencies.ts";
import type { DialPort } from "./dial_port.ts";
import { askNode, refusalText } from "./node_exchange.ts";
import { assignedNodeOf, podOf } from "./pod_target.ts";
import { chooseProtocol, offeredProtocols } from "./protocol_choice.ts";
import { acceptSpdy, refuseStreamProtocol } from "./spdy/accept_spdy.ts";
import { servePortStreams } from "./spdy/port_forward_streams.ts";
import { acceptWebSocket } from "./websocket/accept_websocket.ts";
import { portProtocols, servePortSocket } from "./websocket/port_forward_socket.ts";

/** The whole SPDY connection goes through one WebSocket (KEP-4006). */
const tunnelProtocol = "SPDY/3.1+portforward.k8s.io";
const streamProtocols = ["portforward.k8s.io", ""];

/** `pods/portforward`: every connection of the client becomes one into the pod's network. Throws StatusError. */
export async function portForward(
  request: ResourceRequest,
  deps: ConnectDependencies,
): Promise<Response> {
  const { info, upgrade } = request;
  const { reader, clock, log } = deps;
  const pod = podOf(reader, info);
  const node = assignedNodeOf(reader, pod);
  if (!upgrade) throw badRequest("Upgrade request required");
  const dial = dialer(request, { ...deps, node, uid: pod.metadata.uid ?? "" });
  const serve = (transport: Duplex) => servePortStreams(transport, { clock, dial });
  if (upgrade.protocol.toLowerCase() === "spdy/3.1") {
    const offered = offeredProtocols(request.header("x-stream-protocol-version"));
    const protocol = chooseProtocol(offered, streamProtocols);
    if (protocol === undefined) return refuseStreamProtocol(offered, streamProtocols);
    serve(acceptSpdy(upgrade, protocol));
    return new Response(null);
  }
  if (upgrade.protocol.toLowerCase() !== "websocket") {
    throw badRequest(`unable to upgrade: ${upgrade.protocol} is not known`);
  }
  const accepted = overWebSocket(request, upgrade, { dial, serve });
  await accepted.catch((error) => log.debug("Handshake failed", { error: String(error) }));
  return new Response(null);
}

function overWebSocket(
  request: ResourceRequest,
  upgrade: Upgrade,
  { dial, serve }: { readonly dial: DialPort; readonly serve: (transport: Duplex) => void },
): Promise<void> {
  const offered = offeredProtocols(request.header("sec-websocket-protocol"));
  const protocol = chooseProtocol(offered, [tunnelProtocol, ...Object.keys(portProtocols)]);
  if (protocol === undefined) {
    throw badRequest(`none of the offered WebSocket protocols is supported: ${offered.join(", ")}`);
  }
  const ports = protocol === tunnelProtocol ? [] : portsOf(request.query);
  return acceptWebSocket(upgrade, protocol).then((socket) => {
    if (protocol !== tunnelProtocol) return servePortSocket(socket, { protocol, ports, dial });
    serve(createWebSocketStream(socket));
  });
}

/** The ports that a WebSocket client without streams of its own names in advance. */
function portsOf(query: URLSearchParams): number[] {
  const texts = query.getAll("ports").flatMap((text) => text.split(","));
  if (texts.length === 0) throw badRequest('query parameter "ports" is required');
  return texts.map((text) => {
    const port = Number(text);
    if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
    throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`);
  });
}

function dialer(
  { info }: ResourceRequest,
  { agents, node, uid }: ConnectDependencies & { readonly node: string; readonly uid: string },
): DialPort {
  return async (port) => {
    const failed = (why: string) =>
      new Error(`error forwarding port ${port} to pod ${uid}, uid : ${why}`);
    const path = `/portForward/${info.namespace}/${info.name}?port=${port}`;
    const answer = await askNode(agents, { node, method: "POST", path })
      .catch((error: Error) => Promise.reject(failed(error.message)));
    if (answer.status !== 200) throw failed(await refusalText(answer));
    return answer.stream;
  };
}
