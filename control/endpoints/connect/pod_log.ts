import { StatusError } from "../../../shared/meta/status_error.ts";
import { readChunks } from "../../../shared/stream/read_chunks.ts";
import { badRequest } from "../../registry/errors.ts";
import type { Upgrade } from "../../server/request_context.ts";
import type { ResourceRequest } from "../resource_request.ts";
import type { ConnectDependencies } from "./dependencies.ts";
import { readLogOptions } from "./log_options.ts";
import { askNode, bodyOf, type NodeAnswer, refusalText } from "./node_exchange.ts";
import { containerOf, nodeNameOf, podOf } from "./pod_target.ts";
import { chooseProtocol, offeredProtocols } from "./protocol_choice.ts";
import { acceptWebSocket } from "./websocket/accept_websocket.ts";

const webSocketProtocols = ["", "binary.k8s.io", "base64.binary.k8s.io"];

/** GET of `pods/log`: the text as it comes, or the same in WebSocket messages. Nothing (204) before there is a node. */
export async function podLog(
  request: ResourceRequest,
  { reader, agents }: ConnectDependencies,
): Promise<Response> {
  const { info, upgrade } = request;
  const { container: asked, query } = readLogOptions(request.query, info.name);
  const pod = podOf(reader, info);
  const container = containerOf(pod, asked);
  const node = nodeNameOf(reader, pod);
  if (node === undefined) return new Response(null, { status: 204 });
  const answer = await askNode(agents, {
    node,
    method: "GET",
    path: `/containerLogs/${info.namespace}/${info.name}/${container}?${query}`,
    body: null,
    signal: request.signal,
  });
  if (answer.status !== 200) throw await refusal(answer, info.name);
  if (upgrade?.protocol.toLowerCase() === "websocket") {
    return await overWebSocket(request, upgrade, answer);
  }
  const isHead = request.method === "HEAD";
  if (isHead) answer.stream.destroy();
  return new Response(isHead ? null : bodyOf(answer.stream), {
    headers: { "content-type": "text/plain", "cache-control": "no-cache, private" },
  });
}

/** The node's refusals as the reference passes them on. */
async function refusal(answer: NodeAnswer, name: string): Promise<StatusError> {
  const text = await refusalText(answer);
  if (answer.status === 400) return badRequest(text);
  if (answer.status === 404) {
    const message = `the server could not find the requested resource ( pods/log ${name})`;
    const causes = [{ reason: "UnexpectedServerResponse", message: text }];
    return new StatusError("NotFound", message, { details: { name, kind: "pods/log", causes } });
  }
  return new StatusError("InternalError", `Internal error occurred: ${text}`, {
    details: { causes: [{ message: text }] },
  });
}

async function overWebSocket(
  request: ResourceRequest,
  upgrade: Upgrade,
  { stream }: NodeAnswer,
): Promise<Response> {
  const offered = offeredProtocols(request.header("sec-websocket-protocol"));
  const protocol = chooseProtocol(offered, webSocketProtocols);
  if (protocol === undefined) {
    stream.destroy();
    throw badRequest(`none of the offered WebSocket protocols is supported: ${offered.join(", ")}`);
  }
  const socket = await acceptWebSocket(upgrade, protocol);
  socket.on("error", () => socket.terminate());
  socket.once("close", () => stream.destroy());
  // Nothing is expected from the client; what comes is dropped.
  socket.on("message", () => {});
  const encode = protocol.startsWith("base64") ? toBase64 : (chunk: Uint8Array) => chunk;
  try {
    for await (const chunk of readChunks(stream)) {
      await new Promise<void>((resolve, reject) =>
        socket.send(encode(chunk), (error) => error ? reject(error) : resolve())
      );
    }
  } catch { /* either end is gone */ }
  socket.close(1000);
  return new Response(null);
}

function toBase64(chunk: Uint8Array): string {
  return (chunk as Uint8Array & { toBase64(): string }).toBase64();
}
