import { type BufferPool, FrameWriter } from "./frame_writer.ts";
import {
  ConnectionError,
  defaultFrameSize,
  defaultWindow,
  errorCodes,
  maxWindow,
} from "./protocol.ts";

/** The connection below, as far as writing goes. */
export interface Wire {
  /** Sends bytes; calls `sent` when they have left, so that the next may follow without piling up. */
  write(bytes: Uint8Array, sent: () => void): void;
  /** Ends the connection after what was written. */
  end(): void;
  destroy(): void;
}

/** Bytes on their way, in memory, beyond which bodies wait. */
const maxUnsent = 1024 * 1024;
/** What one body may send before the others have their turn. */
const turnBytes = 128 * 1024;

/** One stream's outgoing body: what is still to be sent of it. */
export class OutgoingBody {
  readonly stream: number;
  /** How much the peer still takes; below zero after it shrank the window. */
  window: number;
  /** Nothing will be added. */
  ended = false;
  /** Calls when all is sent that was given, if somebody waits for that. */
  onDrain: (() => void) | undefined;
  /** Calls when the last byte is on its way. */
  onSent: (() => void) | undefined;
  #chunks: Uint8Array[] = [];
  /** Where the next byte is: which chunk, and where in it. */
  #chunk = 0;
  #at = 0;
  #bytes = 0;

  constructor(stream: number, window: number) {
    this.stream = stream;
    this.window = window;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  get empty(): boolean {
    return this.#bytes === 0;
  }

  /** Writes one frame of at most `most` bytes; returns its size. There must be something to send. */
  frame(writer: FrameWriter, most: number): number {
    const size = Math.min(this.#bytes, most);
    const last = this.ended && size === this.#bytes;
    writer.data(this.stream, size, last);
    this.#copy(writer, size);
    this.window -= size;
    if (last) this.#finish();
    return size;
  }

  /** Ends a body of which nothing is left to send. */
  finish(writer: FrameWriter): void {
    writer.data(this.stream, 0, true);
    this.#finish();
  }

  drop(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.ended = true;
    this.onDrain = undefined;
    this.onSent = undefined;
  }

  #copy(writer: FrameWriter, size: number): void {
    this.#bytes -= size;
    for (let left = size; left > 0;) {
      const chunk = this.#chunks[this.#chunk]!;
      const part = Math.min(left, chunk.length - this.#at);
      writer.bytes(chunk, this.#at, this.#at + part);
      left -= part;
      this.#at += part;
      if (this.#at === chunk.length) {
        this.#chunk++;
        this.#at = 0;
      }
    }
    if (this.#bytes > 0) return;
    this.#chunks = [];
    this.#chunk = 0;
  }

  #finish(): void {
    const sent = this.onSent;
    this.onSent = undefined;
    this.onDrain = undefined;
    sent?.();
  }
}

export interface OutputOptions {
  readonly wire: Wire;
  /** Shared by all connections. */
  readonly pool: BufferPool;
  /** Calls its argument once, at the end of the turn. */
  defer(task: () => void): void;
}

/**
 * The writing half of a connection: frames that are made in one turn leave as one write, bodies keep to the peer's
 * windows, and no more is held in memory than `maxUnsent` while the peer does not read.
 */
export class Output {
  /** For frames that are no bodies: they go out in any case. Call `flush` or `soon` afterwards. */
  readonly frames: FrameWriter;
  maxFrame = defaultFrameSize;
  readonly #wire: Wire;
  readonly #pool: BufferPool;
  readonly #defer: (task: () => void) => void;
  #window = defaultWindow;
  /** Given to the wire and not yet gone. */
  #onTheWay = 0;
  #deferred = false;
  #closed = false;
  /** Bodies that wait for the connection: its window, or room in memory. */
  readonly #waiting = new Set<OutgoingBody>();

  constructor({ wire, pool, defer }: OutputOptions) {
    this.#wire = wire;
    this.#pool = pool;
    this.#defer = defer;
    this.frames = new FrameWriter(pool);
  }

  /** Nothing that was written is still here. */
  get idle(): boolean {
    return this.#onTheWay === 0 && this.frames.length === 0;
  }

  /** Sends what can be sent of a body. True: all of it. */
  send(body: OutgoingBody): boolean {
    this.soon();
    // Who comes later must not overtake who waits.
    if (this.#waiting.size === 0 || body.empty) this.#pump(body, Infinity);
    else if (!body.empty) this.#waiting.add(body);
    return body.empty;
  }

  /** The peer takes `increment` bytes more in all. Throws ConnectionError. */
  widen(increment: number): void {
    this.#window += increment;
    if (this.#window > maxWindow) {
      throw new ConnectionError(
        errorCodes.flowControlError,
        "the connection's window is too large",
      );
    }
    this.#pumpWaiting();
  }

  forget(body: OutgoingBody): void {
    this.#waiting.delete(body);
    body.drop();
  }

  /** What was written leaves at the end of this turn. */
  soon(): void {
    if (this.#deferred || this.#closed) return;
    this.#deferred = true;
    this.#defer(() => {
      this.#deferred = false;
      this.flush();
    });
  }

  /** What was written leaves now. */
  flush(): void {
    for (const { buffer, length } of this.frames.take()) {
      if (this.#closed) this.#pool.give(buffer);
      else this.#write(buffer, length);
    }
  }

  /** Says the last word: what waits is dropped, what was written still leaves. */
  close(): void {
    this.flush();
    this.stop();
    this.#wire.end();
  }

  /** Nothing leaves any more. */
  stop(): void {
    this.#closed = true;
    this.#waiting.clear();
  }

  #write(buffer: Uint8Array, length: number): void {
    this.#onTheWay += length;
    this.#wire.write(buffer.subarray(0, length), () => {
      this.#pool.give(buffer);
      this.#onTheWay -= length;
      if (this.#waiting.size > 0 && this.#onTheWay <= maxUnsent / 2) this.#pumpWaiting();
    });
  }

  #pumpWaiting(): void {
    this.soon();
    while (this.#waiting.size > 0 && this.#window > 0 && !this.#isFull()) {
      const [body] = this.#waiting;
      this.#waiting.delete(body!);
      this.#pump(body!, turnBytes);
    }
  }

  #pump(body: OutgoingBody, most: number): void {
    let sent = 0;
    while (!body.empty) {
      if (body.window <= 0) return;
      if (this.#window <= 0 || this.#isFull() || sent >= most) return void this.#waiting.add(body);
      const size = body.frame(this.frames, Math.min(this.maxFrame, this.#window, body.window));
      this.#window -= size;
      sent += size;
    }
    if (body.ended && body.onSent) body.finish(this.frames);
    const drained = body.onDrain;
    body.onDrain = undefined;
    drained?.();
  }

  #isFull(): boolean {
    if (this.frames.length + this.#onTheWay < maxUnsent) return false;
    this.flush();
    return this.#onTheWay >= maxUnsent;
  }
}
