import type { Duplex } from "node:stream";
import {
  channels,
  encodeFrame,
  FrameError,
  maxFrameBytes,
  readFrames,
  split,
} from "../../../shared/stream/channel_frames.ts";
import { readChunks } from "../../../shared/stream/read_chunks.ts";
import { writeAll } from "../../../shared/stream/write_all.ts";
import { badRequest } from "../../registry/errors.ts";
import type { Upgrade } from "../../server/request_context.ts";
import { isTrue } from "../request_info.ts";
import type { ResourceRequest } from "../resource_request.ts";
import type { ConnectDependencies } from "./dependencies.ts";
import { askNode, refusalText } from "./node_exchange.ts";
import { assignedNodeOf, containerOf, podOf } from "./pod_target.ts";
import { chooseProtocol, offeredProtocols } from "./protocol_choice.ts";
import type { RemoteCommandClient, SessionChannels } from "./remote_command_client.ts";
import { acceptSpdy, refuseStreamProtocol } from "./spdy/accept_spdy.ts";
import { remoteCommandStreams, remoteCommandVersions } from "./spdy/remote_command_streams.ts";
import { remoteCommandProtocols, remoteCommandSocket } from "./websocket/remote_command_socket.ts";

/**
 * `pods/exec` and `pods/attach`: asks the node first, so that what it refuses is an ordinary answer, then takes the
 * client's connection over (WebSocket or SPDY) and joins the two until the program ends. Throws StatusError.
 */
export async function remoteCommand(
  request: ResourceRequest,
  action: "exec" | "attach",
  deps: ConnectDependencies,
): Promise<Response> {
  const { info, query, upgrade } = request;
  const { reader, agents } = deps;
  const pod = podOf(reader, info);
  const container = containerOf(pod, query.get("container") ?? "");
  const node = assignedNodeOf(reader, pod);
  if (!upgrade) throw badRequest("Upgrade request required");
  const wanted = sessionChannels(query);
  const accept = acceptor(request, upgrade, deps);
  if (accept instanceof Response) return accept;
  const { namespace, name } = info;
  const answer = await askNode(agents, {
    node,
    method: "POST",
    path: `/${action}/${namespace}/${name}/${container}?${nodeQuery(query, wanted)}`,
  });
  if (answer.status !== 200) {
    const headers = { "content-type": "text/plain; charset=utf-8" };
    return new Response(await refusalText(answer), { status: answer.status, headers });
  }
  try {
    await joinSession(await accept(wanted), answer.stream);
  } catch (error) {
    answer.stream.destroy();
    deps.log.debug("Session not established", { pod: name, error: (error as Error).message });
  }
  return new Response(null);
}

function sessionChannels(query: URLSearchParams): SessionChannels {
  const has = (name: string) => query.has(name) && isTrue(query.get(name));
  const tty = has("tty");
  // A terminal has one output.
  const wanted = { stdin: has("stdin"), stdout: has("stdout"), stderr: has("stderr") && !tty, tty };
  if (wanted.stdin || wanted.stdout || wanted.stderr) return wanted;
  throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
}

function nodeQuery(query: URLSearchParams, wanted: SessionChannels): URLSearchParams {
  const asked = new URLSearchParams();
  for (const word of query.getAll("command")) asked.append("command", word);
  for (const [name, value] of Object.entries(wanted)) if (value) asked.set(name, "true");
  return asked;
}

type Accept = (wanted: SessionChannels) => Promise<RemoteCommandClient>;

/** What takes the connection over in the protocol that is agreed on; a Response if there is none. */
function acceptor(
  request: ResourceRequest,
  upgrade: Upgrade,
  { clock }: ConnectDependencies,
): Accept | Response {
  const asked = upgrade.protocol.toLowerCase();
  if (asked === "websocket") {
    const offered = offeredProtocols(request.header("sec-websocket-protocol"));
    const protocol = chooseProtocol(offered, Object.keys(remoteCommandProtocols));
    if (protocol !== undefined) return (wanted) => remoteCommandSocket(upgrade, protocol, wanted);
    throw badRequest(`none of the offered WebSocket protocols is supported: ${offered.join(", ")}`);
  }
  if (asked !== "spdy/3.1") throw badRequest(`unable to upgrade: ${upgrade.protocol} is not known`);
  const offered = offeredProtocols(request.header("x-stream-protocol-version"));
  const versions = Object.keys(remoteCommandVersions);
  const protocol = chooseProtocol(offered, versions);
  if (protocol === undefined) return refuseStreamProtocol(offered, versions);
  return (wanted) =>
    remoteCommandStreams(acceptSpdy(upgrade, protocol), { clock, protocol, wanted });
}

/** Moves frames both ways until the node has told how it ended, or either end is gone. */
async function joinSession(client: RemoteCommandClient, node: Duplex): Promise<void> {
  const leave = () => node.destroy();
  client.closed.addEventListener("abort", leave, { once: true });
  if (client.closed.aborted) leave();
  client.receive(async ({ channel, data }) => {
    for (const frame of split(channel, data)) await writeAll(node, encodeFrame(frame));
  }).catch(() => {}); // Gone: the other direction ends too.
  try {
    const status = await copyOutput(client, node);
    if (status) await client.finish(status);
    else client.abort();
  } catch {
    client.abort();
  } finally {
    client.closed.removeEventListener("abort", leave);
    node.destroy();
  }
}

/** The status at the end; undefined if the node was lost before. */
async function copyOutput(
  client: RemoteCommandClient,
  node: Duplex,
): Promise<Uint8Array | undefined> {
  let status: Uint8Array | undefined;
  for await (const frame of readFrames(readChunks(node))) {
    if (frame.channel !== channels.error) await client.send(frame);
    else if (!status) status = frame.data;
    else status = new Uint8Array([...status, ...frame.data]);
    if (status && status.length > maxFrameBytes) throw new FrameError("status too long");
  }
  return status;
}
