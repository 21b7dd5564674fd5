import type { Duplex } from "node:stream";
import { channels, encodeFrame, readFrames, split } from "../../shared/stream/channel_frames.ts";
import { readChunks } from "../../shared/stream/read_chunks.ts";
import { writeAll } from "../../shared/stream/write_all.ts";
import type { ContainerState, ContainerStream, StreamOptions } from "../runtime/runtime_service.ts";
import { type Exchange, type PodAccess, respond } from "./exchange.ts";
import { exitStatus, failureStatus } from "./exit_status.ts";
import { NodeError } from "./node_error.ts";

/** Where a session leads. */
interface Target {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface Session {
  /** `executing command in` or `attaching to`, for messages. */
  readonly doing: string;
  readonly open: (container: ContainerState, options: StreamOptions) => Promise<ContainerStream>;
}

/**
 * Serves an exec or attach: frames of `channel_frames.ts` both ways, then the exit status on the error channel. The
 * answer begins once the container is known to run; whatever fails later is told as a status. Throws NodeError.
 */
export async function serveSession(
  exchange: Exchange,
  target: Target,
  { pods, session }: { readonly pods: PodAccess; readonly session: Session },
): Promise<void> {
  const pod = pods.find(target.namespace, target.pod);
  if (!pod) throw new NodeError(404, "pod does not exist");
  const container = await pods.container(pod, target.container);
  if (container?.state !== "running") {
    throw new NodeError(500, `container not found (${JSON.stringify(target.container)})`);
  }
  const { stream, signal } = exchange;
  respond(exchange, 200, "application/octet-stream");
  const options = { ...streamOptions(exchange.query), signal };
  let status: Uint8Array;
  try {
    const exitCode = await run(await session.open(container, options), stream, options);
    status = encode(exitStatus(exitCode));
  } catch (error) {
    const text = `error ${session.doing} container: ${(error as Error).message}`;
    status = encode(failureStatus(text));
  }
  if (stream.destroyed) return;
  for (const frame of split(channels.error, status)) stream.write(encodeFrame(frame));
  stream.end();
}

function streamOptions(query: URLSearchParams): StreamOptions {
  const has = (name: string) => query.get(name) === "true";
  const tty = has("tty");
  return { stdin: has("stdin"), stdout: has("stdout"), stderr: has("stderr") && !tty, tty };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Moves bytes until the program has ended and all its output was passed on. */
async function run(
  container: ContainerStream,
  stream: Duplex,
  options: StreamOptions,
): Promise<number> {
  const leave = () => container.close();
  stream.once("close", leave);
  if (stream.destroyed) leave();
  // It ends with the stream; nobody has to wait for a client that goes on typing.
  void feed(container, stream, options);
  try {
    await Promise.all([
      copyOut(channels.stdout, container.stdout, stream, options.stdout),
      copyOut(channels.stderr, container.stderr, stream, options.stderr),
    ]);
    return await container.exit;
  } finally {
    stream.off("close", leave);
    container.close();
  }
}

async function copyOut(
  channel: number,
  output: ReadableStream<Uint8Array>,
  stream: Duplex,
  wanted: boolean,
): Promise<void> {
  for await (const chunk of output) {
    if (!wanted) continue;
    for (const frame of split(channel, chunk)) await writeAll(stream, encodeFrame(frame));
  }
}

/** Input and window sizes; reads no faster than the program takes its input. */
async function feed(
  container: ContainerStream,
  stream: Duplex,
  { stdin }: StreamOptions,
): Promise<void> {
  const input = container.stdin.getWriter();
  let open = stdin;
  const end = async () => {
    if (!open) return;
    open = false;
    await input.close();
  };
  // A program that does not read its input is no failure of the session.
  input.closed.catch(() => {});
  try {
    for await (const { channel, data } of readFrames(readChunks(stream))) {
      if (channel === channels.stdin && open) await input.write(data).catch(() => open = false);
      else if (channel === channels.close && data[0] === channels.stdin) await end();
      else if (channel === channels.resize) await resize(container, data);
    }
    await end();
  } catch { /* the client is gone, or the program has left */ }
}

async function resize(container: ContainerStream, data: Uint8Array): Promise<void> {
  let size: { Width?: unknown; Height?: unknown };
  try {
    size = JSON.parse(new TextDecoder().decode(data));
  } catch {
    return;
  }
  const { Width, Height } = size;
  if (typeof Width !== "number" || typeof Height !== "number" || Width <= 0 || Height <= 0) return;
  // The program may have ended meanwhile.
  await container.resize(Width, Height).catch(() => {});
}
