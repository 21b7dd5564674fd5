import type { Socket } from "node:net";
import type { ContainerStream } from "../runtime_service.ts";

export interface HijackedConnection {
  readonly socket: Socket;
  /** Bytes that came together with the answer's head. */
  readonly head: Uint8Array;
}

export interface StreamControls {
  readonly tty: boolean;
  /** Asked once the output has ended. */
  exitCode(): Promise<number>;
  resize(columns: number, rows: number): Promise<void>;
}

/** Makes a raw connection of Podman's exec or attach a ContainerStream. */
export function containerStream(
  { socket, head }: HijackedConnection,
  controls: StreamControls,
): ContainerStream {
  const stdout = new TransformStream<Uint8Array, Uint8Array>();
  const stderr = new TransformStream<Uint8Array, Uint8Array>();
  const exit = pump(socket, head, controls.tty, stdout.writable, stderr.writable)
    .then(() => controls.exitCode());
  exit.catch(() => {}); // Whoever awaits it sees the error; nobody having to must not end the agent.
  return {
    stdin: inputOf(socket),
    stdout: stdout.readable,
    stderr: stderr.readable,
    exit,
    resize: (columns, rows) => controls.resize(columns, rows),
    close: () => void socket.destroy(),
  };
}

function inputOf(socket: Socket): WritableStream<Uint8Array> {
  return new WritableStream({
    write: (chunk) =>
      new Promise<void>((resolve, reject) => {
        socket.write(chunk, (error) => error ? reject(error) : resolve());
      }),
    close: () => void socket.end(),
    abort: () => void socket.end(),
  });
}

async function pump(
  socket: Socket,
  head: Uint8Array,
  tty: boolean,
  stdout: WritableStream<Uint8Array>,
  stderr: WritableStream<Uint8Array>,
): Promise<void> {
  const out = stdout.getWriter();
  const err = stderr.getWriter();
  // A reader that left must not stop the other output: what it will not read is dropped.
  const ignore = () => {};
  const sinks = {
    out: (data: Uint8Array) => out.write(data).catch(ignore),
    err: (data: Uint8Array) => err.write(data).catch(ignore),
  };
  const demultiplexer = new Demultiplexer();
  const take = async (chunk: Uint8Array) => {
    if (tty) return await sinks.out(chunk);
    for (const frame of demultiplexer.push(chunk)) {
      await (frame.stream === 2 ? sinks.err(frame.data) : sinks.out(frame.data));
    }
  };
  try {
    if (head.length > 0) await take(head);
    for await (const chunk of socket) await take(chunk as Uint8Array);
  } catch { /* the connection broke: the exit code, if any, is asked for below */ }
  await Promise.allSettled([out.close(), err.close()]);
  socket.destroy();
}

interface Frame {
  readonly stream: number;
  readonly data: Uint8Array;
}

/**
 * Splits Docker's multiplexed stream: 8 bytes (stream number, three zeros, length big-endian), then the data.
 * Data of a frame is passed on as it comes, so no frame is ever held in memory whole.
 */
export class Demultiplexer {
  readonly #header = new Uint8Array(8);
  #headerFilled = 0;
  #stream = 1;
  #left = 0;

  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const data = chunk.subarray(at, at + this.#left);
        frames.push({ stream: this.#stream, data });
        this.#left -= data.length;
        at += data.length;
        continue;
      }
      this.#header[this.#headerFilled++] = chunk[at++]!;
      if (this.#headerFilled < 8) continue;
      this.#headerFilled = 0;
      this.#stream = this.#header[0]!;
      this.#left = new DataView(this.#header.buffer).getUint32(4);
    }
    return frames;
  }
}
