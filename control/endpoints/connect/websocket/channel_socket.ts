import { Buffer } from "node:buffer";
// @ts-types="npm:@types/ws@8.18.1"
import type { RawData, WebSocket } from "ws";
import type { ChannelFrame } from "../../../../shared/stream/channel_frames.ts";

/** How messages are written: a channel byte and the data, or a channel digit and the data in base64. */
export type MessageForm = "binary" | "base64";

/** After this many messages nobody has taken yet, the socket is read no further. */
const maxWaiting = 8;

/**
 * A WebSocket that carries numbered channels, as in the `channel.k8s.io` protocols. It is read no faster than frames
 * are taken, and `send` waits for the socket.
 */
export class ChannelSocket {
  readonly #socket: WebSocket;
  readonly #form: MessageForm;
  readonly #waiting: ChannelFrame[] = [];
  readonly #gone = new AbortController();
  #wake = () => {};

  constructor(socket: WebSocket, form: MessageForm) {
    this.#socket = socket;
    this.#form = form;
    socket.on("message", (message: RawData) => this.#onMessage(message));
    socket.on("error", () => socket.terminate());
    socket.once("close", () => {
      this.#gone.abort();
      this.#wake();
    });
  }

  /** Aborted when the connection is gone. */
  get closed(): AbortSignal {
    return this.#gone.signal;
  }

  /** What the client sends, in order, until it is gone. For one reader. */
  async *frames(): AsyncIterable<ChannelFrame> {
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame) {
        if (this.#waiting.length < maxWaiting && this.#socket.isPaused) this.#socket.resume();
        yield frame;
      } else if (this.closed.aborted) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Resolves when the socket has taken it. Rejects if it is closed. */
  send({ channel, data }: ChannelFrame): Promise<void> {
    const message = this.#form === "base64"
      ? `${channel}${Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64")}`
      : Buffer.concat([Uint8Array.of(channel), data]);
    return new Promise((resolve, reject) => {
      this.#socket.send(message, (error) => error ? reject(error) : resolve());
    });
  }

  /** Ends the connection in the orderly way. */
  close(): void {
    // What is still unread would keep the client's own close from being seen.
    this.#waiting.length = 0;
    this.#socket.resume();
    this.#socket.close(1000);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #onMessage(message: RawData): void {
    const bytes = message as Buffer;
    if (bytes.length === 0 || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#waiting.push(this.#form === "base64" ? fromBase64(bytes) : fromBinary(bytes));
    if (this.#waiting.length >= maxWaiting) this.#socket.pause();
    this.#wake();
  }
}

function fromBinary(bytes: Buffer): ChannelFrame {
  return { channel: bytes[0]!, data: bytes.subarray(1) };
}

function fromBase64(bytes: Buffer): ChannelFrame {
  const text = bytes.toString("latin1");
  return { channel: text.charCodeAt(0) - 0x30, data: Buffer.from(text.slice(1), "base64") };
}
