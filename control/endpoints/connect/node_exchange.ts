import type { ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { Readable, Writable } from "node:stream";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { readChunks } from "../../../shared/stream/read_chunks.ts";
import { writeAll } from "../../../shared/stream/write_all.ts";
import { type AgentConnections, AgentUnavailable } from "../../agents/agent_connections.ts";

/** What is asked of a node's server. */
export interface NodeRequest {
  readonly node: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Null: none. Undefined: the caller writes to the answer's stream. */
  readonly body?: ReadableStream<Uint8Array> | null;
  readonly signal?: AbortSignal;
}

/** The head of a node's answer; the stream carries the body, and whatever is written to the node. */
export interface NodeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly stream: ClientHttp2Stream;
}

/** How much of a refusal is read. */
const maxRefusalBytes = 10_000;

/**
 * Asks a node through its agent's connection. Resolves when the head of the answer is there. Throws
 * ServiceUnavailable if the agent is not connected or the connection breaks.
 */
export async function askNode(
  agents: AgentConnections,
  request: NodeRequest,
): Promise<NodeAnswer> {
  const { node, signal } = request;
  await agents.arrival(node);
  return await new Promise((resolve, reject) => {
    const stream = open(agents, request);
    const stop = () => stream.destroy();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    let failure: Error | undefined;
    stream.on("error", (error) => failure = error);
    stream.once("close", () => {
      signal?.removeEventListener("abort", stop);
      reject(unreachable(node, "the connection broke", failure));
    });
    stream.once("response", (headers) => {
      resolve({ status: Number(headers[":status"]), headers, stream });
    });
  });
}

function open(agents: AgentConnections, request: NodeRequest): ClientHttp2Stream {
  const { node, method, path, headers = {}, body } = request;
  try {
    const stream = agents.open(node, { ...headers, ":method": method, ":path": path });
    if (body) sendBody(body, stream).catch(() => stream.destroy());
    else if (body === null) stream.end();
    return stream;
  } catch (error) {
    if (!(error instanceof AgentUnavailable)) throw error;
    throw unreachable(node, "its agent is not connected", error);
  }
}

function unreachable(node: string, why: string, cause: unknown): StatusError {
  return new StatusError(
    "ServiceUnavailable",
    `Cannot reach node ${JSON.stringify(node)}: ${why}`,
    {
      cause,
    },
  );
}

/** Writes a request's body, no faster than it is taken, and ends the stream. */
export async function sendBody(body: ReadableStream<Uint8Array>, to: Writable): Promise<void> {
  for await (const chunk of body) await writeAll(to, chunk);
  to.end();
}

/** The text of a refusal. Ends the exchange. */
export async function refusalText({ stream }: NodeAnswer): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of readChunks(stream)) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length >= maxRefusalBytes) break;
    }
  } catch { /* what has come must do */ }
  stream.destroy();
  return text.slice(0, maxRefusalBytes);
}

/** A stream as the body of a response, read no faster than the client takes it. */
export function bodyOf(stream: Readable): ReadableStream<Uint8Array> {
  const chunks = readChunks(stream)[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void stream.destroy(),
  }, { highWaterMark: 0 });
}
