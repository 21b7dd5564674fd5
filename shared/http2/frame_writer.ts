import { errorCodes, flags, frameHeadBytes, frameTypes } from "./protocol.ts";

/** Enough for most turns. */
const smallBytes = 64 * 1024;
/** Where more is said at once: one large write costs half of what the same in small ones does. */
const largeBytes = 512 * 1024;
/** Buffers of each size kept for the next to write. */
const maxSpare = { small: 16, large: 4 } as const;

/** Buffers that are used again and again, by all connections: making and clearing them costs more than filling them. */
export class BufferPool {
  readonly #small: Uint8Array[] = [];
  readonly #large: Uint8Array[] = [];

  take(size: "small" | "large"): Uint8Array {
    return size === "small"
      ? this.#small.pop() ?? new Uint8Array(smallBytes)
      : this.#large.pop() ?? new Uint8Array(largeBytes);
  }

  /** Nobody may use `buffer` any more. */
  give(buffer: Uint8Array): void {
    if (buffer.length === smallBytes) {
      if (this.#small.length < maxSpare.small) this.#small.push(buffer);
    } else if (this.#large.length < maxSpare.large) this.#large.push(buffer);
  }
}

/** Part of what was written, in the buffer that it came from. */
export interface Piece {
  readonly buffer: Uint8Array;
  readonly length: number;
}

/**
 * Gathers frames in buffers, so that everything that is said in one turn is few writes: a write costs more than the
 * frames in it. Without anything to write it holds no memory.
 */
export class FrameWriter {
  readonly #pool: BufferPool;
  #full: Piece[] = [];
  #fullBytes = 0;
  #buffer: Uint8Array | undefined;
  #at = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Bytes that wait to be taken. */
  get length(): number {
    return this.#fullBytes + this.#at;
  }

  /** Everything written since the last call; who takes it gives the buffers back to the pool. */
  take(): readonly Piece[] {
    const taken = this.#full;
    if (this.#buffer) taken.push({ buffer: this.#buffer, length: this.#at });
    this.#full = [];
    this.#fullBytes = 0;
    this.#buffer = undefined;
    this.#at = 0;
    return taken;
  }

  /** The head of a DATA frame; `bytes` of its payload follow, `size` in all. */
  data(stream: number, size: number, last: boolean): void {
    this.#head(frameTypes.data, last ? flags.endStream : 0, stream, size);
  }

  /** Payload: `from` to `to` of `source`. */
  bytes(source: Uint8Array, from = 0, to = source.length): void {
    for (let at = from; at < to;) {
      const buffer = this.#room(1);
      const size = Math.min(to - at, buffer.length - this.#at);
      buffer.set(size === source.length ? source : source.subarray(at, at + size), this.#at);
      this.#at += size;
      at += size;
    }
  }

  /** A header block as HEADERS and, if it is longer than one frame may be, CONTINUATION. */
  headers(stream: number, block: Uint8Array, { last, maxFrame }: {
    readonly last: boolean;
    readonly maxFrame: number;
  }): void {
    for (let at = 0, first = true; first || at < block.length; first = false) {
      const size = Math.min(maxFrame, block.length - at);
      const ends = at + size === block.length ? flags.endHeaders : 0;
      const type = first ? frameTypes.headers : frameTypes.continuation;
      this.#head(type, ends | (first && last ? flags.endStream : 0), stream, size);
      this.bytes(block, at, at + size);
      at += size;
    }
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    this.#head(frameTypes.settings, 0, 0, values.length * 6);
    for (const [id, value] of values) {
      const buffer = this.#room(6);
      buffer[this.#at++] = id >>> 8;
      buffer[this.#at++] = id;
      this.#uint32(value);
    }
  }

  settingsAck(): void {
    this.#head(frameTypes.settings, flags.ack, 0, 0);
  }

  /** `data`: 8 bytes. */
  ping(data: Uint8Array, ack: boolean): void {
    this.#head(frameTypes.ping, ack ? flags.ack : 0, 0, 8);
    this.bytes(data);
  }

  reset(stream: number, code: number): void {
    this.#head(frameTypes.rstStream, 0, stream, 4);
    this.#uint32(code);
  }

  windowUpdate(stream: number, increment: number): void {
    this.#head(frameTypes.windowUpdate, 0, stream, 4);
    this.#uint32(increment);
  }

  goAway(lastStream: number, code: number = errorCodes.noError): void {
    this.#head(frameTypes.goAway, 0, 0, 8);
    this.#uint32(lastStream);
    this.#uint32(code);
  }

  #head(type: number, flagBits: number, stream: number, size: number): void {
    const buffer = this.#room(frameHeadBytes);
    let at = this.#at;
    buffer[at++] = size >>> 16;
    buffer[at++] = size >>> 8;
    buffer[at++] = size;
    buffer[at++] = type;
    buffer[at++] = flagBits;
    this.#at = at;
    this.#uint32(stream);
  }

  #uint32(value: number): void {
    const buffer = this.#room(4);
    let at = this.#at;
    buffer[at++] = value >>> 24;
    buffer[at++] = value >>> 16;
    buffer[at++] = value >>> 8;
    buffer[at++] = value;
    this.#at = at;
  }

  /** A buffer with room for `size` bytes at `#at`. */
  #room(size: number): Uint8Array {
    const buffer = this.#buffer;
    if (!buffer) return this.#buffer = this.#pool.take("small");
    if (this.#at + size <= buffer.length) return buffer;
    const larger = this.#pool.take("large");
    if (buffer.length === smallBytes) {
      larger.set(buffer.subarray(0, this.#at));
      this.#pool.give(buffer);
    } else {
      this.#full.push({ buffer, length: this.#at });
      this.#fullBytes += this.#at;
      this.#at = 0;
    }
    return this.#buffer = larger;
  }
}
