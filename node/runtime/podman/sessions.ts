import type { ContainerStream, ExecResult, StreamOptions } from "../runtime_service.ts";
import type { ContainerInspection } from "./inspection.ts";
import type { RestClient } from "./rest_client.ts";
import { containerStream } from "./streams.ts";

/** How much of a synchronous exec's output is kept. */
const OUTPUT_LIMIT = 64 * 1024;

interface ExecSession {
  readonly stream: ContainerStream;
  /** The program's process ID on the node. */
  pid(): Promise<number>;
}

interface ExecInspection {
  readonly Running: boolean;
  readonly ExitCode: number;
  readonly Pid: number;
}

/** Starts a program in a container. NotRunning if the container does not run; Failed if the program cannot start. */
export async function openExec(
  client: RestClient,
  what: { readonly id: string; readonly command: readonly string[] },
  options: StreamOptions,
): Promise<ExecSession> {
  const { Id } = await client.call<{ Id: string }>({
    method: "POST",
    path: `/containers/${what.id}/exec`,
    body: {
      Cmd: what.command,
      AttachStdin: options.stdin,
      AttachStdout: options.stdout,
      AttachStderr: options.stderr && !options.tty,
      Tty: options.tty,
    },
  });
  const inspect = () => client.call<ExecInspection>({ method: "GET", path: `/exec/${Id}/json` });
  const connection = await client.hijack({
    method: "POST",
    path: `/exec/${Id}/start`,
    body: { Detach: false, Tty: options.tty },
  });
  const stream = containerStream(connection, {
    tty: options.tty,
    exitCode: async () => (await inspect()).ExitCode,
    resize: (columns, rows) => resize(client, `/exec/${Id}`, columns, rows),
  });
  closeOnAbort(stream, options.signal);
  return { stream, pid: async () => (await inspect()).Pid };
}

/** Joins the streams of a container's first process. */
export async function openAttach(
  client: RestClient,
  id: string,
  options: StreamOptions,
): Promise<ContainerStream> {
  const { Config } = await client.call<ContainerInspection>({
    method: "GET",
    path: `/containers/${id}/json`,
  });
  const query =
    `stream=true&stdin=${options.stdin}&stdout=${options.stdout}&stderr=${options.stderr}`;
  const connection = await client.hijack({
    method: "POST",
    path: `/containers/${id}/attach?${query}`,
  });
  const stream = containerStream(connection, {
    tty: Config.Tty,
    exitCode: () => Promise.resolve(0),
    resize: (columns, rows) => resize(client, `/containers/${id}`, columns, rows),
  });
  closeOnAbort(stream, options.signal);
  return stream;
}

/** Reads a session's output to its end. */
export async function collect(stream: ContainerStream): Promise<ExecResult> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const read = async (from: ReadableStream<Uint8Array>) => {
    for await (const chunk of from) {
      if (size < OUTPUT_LIMIT) parts.push(chunk.subarray(0, OUTPUT_LIMIT - size));
      size += chunk.length;
    }
  };
  await Promise.all([read(stream.stdout), read(stream.stderr)]);
  const exitCode = await stream.exit;
  return {
    exitCode,
    output: new TextDecoder().decode(await new Blob(parts as BlobPart[]).arrayBuffer()),
  };
}

async function resize(
  client: RestClient,
  path: string,
  columns: number,
  rows: number,
): Promise<void> {
  await client.call({ method: "POST", path: `${path}/resize?w=${columns}&h=${rows}` });
}

function closeOnAbort(stream: ContainerStream, signal: AbortSignal | undefined): void {
  if (signal?.aborted) stream.close();
  signal?.addEventListener("abort", () => stream.close(), { once: true });
}
