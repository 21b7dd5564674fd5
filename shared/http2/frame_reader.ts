import { concat } from "./bytes.ts";
import { ConnectionError, errorCodes, frameHeadBytes } from "./protocol.ts";

/** One frame. `payload` is valid only while it is being handled. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** Cuts a byte stream into frames. Holds at most one frame that is not whole yet. */
export class FrameReader {
  readonly #maxPayload: number;
  #rest: Uint8Array | undefined;

  /** `maxPayload`: what the peer was told. */
  constructor(maxPayload: number) {
    this.#maxPayload = maxPayload;
  }

  /** A frame has begun to arrive and is not whole. */
  get partial(): boolean {
    return this.#rest !== undefined;
  }

  /** Hands each frame that `chunk` completes to `take`, until that returns false. Throws ConnectionError. */
  push(chunk: Uint8Array, take: (frame: Frame) => boolean): void {
    const bytes = this.#rest ? concat([this.#rest, chunk]) : chunk;
    this.#rest = undefined;
    let at = 0;
    while (bytes.length - at >= frameHeadBytes) {
      const length = bytes[at]! << 16 | bytes[at + 1]! << 8 | bytes[at + 2]!;
      if (length > this.#maxPayload) {
        throw new ConnectionError(errorCodes.frameSizeError, `a frame has ${length} bytes`);
      }
      const end = at + frameHeadBytes + length;
      if (end > bytes.length) break;
      const frame: Frame = {
        type: bytes[at + 3]!,
        flags: bytes[at + 4]!,
        stream: uint31(bytes, at + 5),
        payload: bytes.subarray(at + frameHeadBytes, end),
      };
      at = end;
      if (!take(frame)) return;
    }
    if (at < bytes.length) this.#rest = bytes.slice(at);
  }
}

/** 31 bits; the highest is reserved. */
export function uint31(bytes: Uint8Array, at: number): number {
  return (bytes[at]! & 0x7f) << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
}
