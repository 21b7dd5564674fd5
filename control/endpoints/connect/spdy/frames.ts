import { Buffer } from "node:buffer";

/** The peer does not speak SPDY/3.1, or asks for more than we give. The connection ends. */
export class SpdyError extends Error {
  override readonly name = "SpdyError";
}

/** Control frames that are used here (SPDY/3, 2.6; WINDOW_UPDATE as in 3.1). */
export const frameTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const finFlag = 1;

/** What RST_STREAM says. */
export const resetCodes = { protocolError: 1, refusedStream: 3, cancel: 5 } as const;

export type SpdyFrame =
  | {
    readonly type: "control";
    readonly control: number;
    readonly flags: number;
    readonly payload: Buffer;
  }
  /** A piece of a data frame; only the last has the frame's flags. */
  | {
    readonly type: "data";
    readonly stream: number;
    readonly flags: number;
    readonly data: Uint8Array;
  };

const headBytes = 8;
/** Ours to choose: control frames carry headers and numbers only. */
const maxControlBytes = 64 * 1024;
const controlBit = 0x8000;
const version = 3;

/** Finds frames in a byte stream. Holds at most one control frame; data is passed on as it comes. */
export class SpdyFrameDecoder {
  #held: Buffer = Buffer.alloc(0);
  #data: { readonly stream: number; readonly flags: number; left: number } | undefined;

  /** Throws SpdyError. */
  *push(chunk: Uint8Array): Iterable<SpdyFrame> {
    let bytes = this.#held.length > 0
      ? Buffer.concat([this.#held, chunk])
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (;;) {
      const read = this.#data ? this.#nextData(bytes) : this.#nextHead(bytes);
      if (!read) break;
      bytes = bytes.subarray(read.length);
      if (read.frame) yield read.frame;
    }
    this.#held = bytes;
  }

  #nextData(bytes: Buffer): { length: number; frame: SpdyFrame } | undefined {
    const { stream, flags, left } = this.#data!;
    if (bytes.length === 0 && left > 0) return undefined;
    const data = bytes.subarray(0, left);
    const last = data.length === left;
    this.#data = last ? undefined : { stream, flags, left: left - data.length };
    return { length: data.length, frame: { type: "data", stream, flags: last ? flags : 0, data } };
  }

  #nextHead(bytes: Buffer): { length: number; frame?: SpdyFrame } | undefined {
    if (bytes.length < headBytes) return undefined;
    const flags = bytes[4]!;
    const length = bytes.readUInt32BE(4) & 0xffffff;
    const head = bytes.readUInt16BE(0);
    if (!(head & controlBit)) {
      this.#data = { stream: bytes.readUInt32BE(0), flags, left: length };
      return { length: headBytes };
    }
    if ((head & ~controlBit) !== version) throw new SpdyError("not SPDY/3");
    if (length > maxControlBytes) throw new SpdyError(`control frame of ${length} bytes`);
    if (bytes.length < headBytes + length) return undefined;
    const payload = bytes.subarray(headBytes, headBytes + length);
    const control = bytes.readUInt16BE(2);
    return { length: headBytes + length, frame: { type: "control", control, flags, payload } };
  }
}

export function controlFrame(control: number, payload: Uint8Array, flags = 0): Buffer {
  const frame = Buffer.alloc(headBytes + payload.length);
  frame.writeUInt16BE(controlBit | version, 0);
  frame.writeUInt16BE(control, 2);
  frame.writeUInt32BE(payload.length, 4);
  frame[4] = flags;
  frame.set(payload, headBytes);
  return frame;
}

/** The head of a data frame; `length` bytes follow it. */
export function dataHead(stream: number, length: number, flags: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(stream, 0);
  head.writeUInt32BE(length, 4);
  head[4] = flags;
  return head;
}

/** A payload of 32-bit numbers. */
export function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32BE(value, i * 4));
  return bytes;
}

/** The number at `at`; throws SpdyError if the payload is too short. */
export function numberAt(payload: Buffer, at: number): number {
  if (at + 4 > payload.length) throw new SpdyError("frame cut short");
  return payload.readUInt32BE(at);
}
