/**
 * Channels of an exec or attach session. The numbers are those of the `channel.k8s.io` WebSocket protocols, so that
 * a frame needs no translation between a client and a node.
 */
export const channels = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  /** One `v1.Status` as JSON, after all output: how the program ended. */
  error: 3,
  /** JSON `{"Width":columns,"Height":rows}`. */
  resize: 4,
  /** The payload is one byte: the channel that will carry nothing more (KEP-4006). */
  close: 255,
} as const;

/** A piece of one channel. */
export interface ChannelFrame {
  readonly channel: number;
  readonly data: Uint8Array;
}

/** The largest payload of one frame; longer data is split by its sender. */
export const maxFrameBytes = 64 * 1024;
const headBytes = 5;

/** The other end sent what is no frame. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/**
 * One frame as the API server and a node exchange it: channel (1 byte), length (4 bytes, big-endian), payload. Throws
 * FrameError if the payload is longer than `maxFrameBytes`.
 */
export function encodeFrame({ channel, data }: ChannelFrame): Uint8Array {
  if (data.length > maxFrameBytes) {
    throw new FrameError(
      `Cannot send a frame of ${data.length} bytes: the limit is ${maxFrameBytes}`,
    );
  }
  const frame = new Uint8Array(headBytes + data.length);
  frame[0] = channel;
  new DataView(frame.buffer).setUint32(1, data.length);
  frame.set(data, headBytes);
  return frame;
}

/** The frames that carry `data`, which may be of any length; none for no data. */
export function* split(channel: number, data: Uint8Array): Iterable<ChannelFrame> {
  for (let at = 0; at < data.length; at += maxFrameBytes) {
    yield { channel, data: data.subarray(at, at + maxFrameBytes) };
  }
}

/** Says that `channel` has ended. */
export function closeFrame(channel: number): ChannelFrame {
  return { channel: channels.close, data: new Uint8Array([channel]) };
}

/** Puts frames together from a byte stream. Holds at most one frame. */
export class FrameDecoder {
  readonly #head = new Uint8Array(headBytes);
  #headFilled = 0;
  #data: Uint8Array | undefined;
  #dataFilled = 0;

  /** Takes the next bytes; returns the frames that they complete. Throws FrameError. */
  push(chunk: Uint8Array): ChannelFrame[] {
    const frames: ChannelFrame[] = [];
    for (let at = 0; at < chunk.length;) {
      at += this.#data ? this.#fillData(chunk, at) : this.#fillHead(chunk, at);
      if (this.#data && this.#dataFilled === this.#data.length) {
        frames.push({ channel: this.#head[0]!, data: this.#data });
        this.#data = undefined;
      }
    }
    return frames;
  }

  #fillHead(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + headBytes - this.#headFilled);
    this.#head.set(part, this.#headFilled);
    this.#headFilled += part.length;
    if (this.#headFilled === headBytes) {
      const length = new DataView(this.#head.buffer).getUint32(1);
      if (length > maxFrameBytes) throw new FrameError(`Cannot read a frame of ${length} bytes`);
      this.#headFilled = 0;
      this.#data = new Uint8Array(length);
      this.#dataFilled = 0;
    }
    return part.length;
  }

  #fillData(chunk: Uint8Array, at: number): number {
    const data = this.#data!;
    const part = chunk.subarray(at, at + data.length - this.#dataFilled);
    data.set(part, this.#dataFilled);
    this.#dataFilled += part.length;
    return part.length;
  }
}

/** The frames of a byte stream, one after the other: the stream is read no faster than they are taken. */
export async function* readFrames(bytes: AsyncIterable<Uint8Array>): AsyncIterable<ChannelFrame> {
  const decoder = new FrameDecoder();
  for await (const chunk of bytes) yield* decoder.push(chunk);
}
