import type { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { Clock, Timer } from "../../../../shared/clock/clock.ts";
import { writeAll } from "../../../../shared/stream/write_all.ts";
import {
  controlFrame,
  dataHead,
  finFlag,
  frameTypes,
  numberAt,
  numbers,
  resetCodes,
  SpdyError,
  type SpdyFrame,
  SpdyFrameDecoder,
} from "./frames.ts";
import { HeaderDeflater, HeaderInflater, type Headers } from "./header_block.ts";

export interface SpdyOptions {
  readonly clock: Clock;
  /** Called for each stream that the client opens, in order. It may write at once. */
  readonly onStream: (stream: SpdyStream) => void;
  /** Called once, when nothing can be read or written any more. */
  readonly onClose?: () => void;
}

/** More streams than that at one time are refused. */
const maxStreams = 512;
const initialWindow = 64 * 1024;
/**
 * What one stream may hold unread before the whole connection is read no further. Twice the window, so that a client
 * that keeps to its windows never gets there; those of Kubernetes' Go clients know no windows at all.
 */
const readBufferBytes = 128 * 1024;
const maxDataBytes = 16 * 1024;
const initialWindowSetting = 7;
/** How long a client may take to hang up once it was told everything. */
const lingerMs = 5_000;

/**
 * The server's end of a SPDY/3.1 connection on an upgraded socket: streams that the client opens, as duplexes. What
 * is read slowly is received slowly, and writes wait for the socket.
 *
 * Our own sending keeps to a client's windows from the first sign that it manages any (SETTINGS or WINDOW_UPDATE):
 * the Go clients never send one, and would wait for ever behind the first 64 KiB.
 */
export class SpdyConnection {
  readonly #transport: Duplex;
  readonly #options: SpdyOptions;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #inflater = new HeaderInflater();
  readonly #deflater = new HeaderDeflater();
  readonly #full = new Set<SpdyStream>();
  #resume = () => {};
  #windows: { initial: number; managed: boolean } = { initial: initialWindow, managed: false };
  #lastStream = 0;
  #linger: Timer | undefined;
  #closing = false;
  #closed = false;

  constructor(transport: Duplex, options: SpdyOptions) {
    this.#transport = transport;
    this.#options = options;
    transport.on("error", () => transport.destroy());
    transport.once("close", () => this.#onClosed());
    void this.#read();
  }

  /**
   * Lets what was written go out, then ends the connection. What the client still sends is read and dropped: closing
   * a socket with unread bytes in it would take back what was written last.
   */
  close(): void {
    if (this.#closed || this.#closing) return;
    this.#send(controlFrame(frameTypes.goAway, numbers(this.#lastStream, 0)));
    this.#closing = true;
    for (const stream of [...this.#streams.values()]) stream.destroy();
    this.#transport.end();
    this.#linger = this.#options.clock.after(lingerMs, () => this.#transport.destroy());
  }

  destroy(): void {
    this.#transport.destroy();
  }

  async #read(): Promise<void> {
    const decoder = new SpdyFrameDecoder();
    try {
      for await (const chunk of this.#transport) {
        for (const frame of decoder.push(chunk as Uint8Array)) {
          await this.#handle(frame);
          if (this.#full.size > 0) await new Promise<void>((resolve) => this.#resume = resolve);
          if (this.#closed) return;
        }
      }
    } catch { /* broken, or no SPDY: either way it ends here */ }
    this.#transport.destroy();
  }

  async #handle(frame: SpdyFrame): Promise<void> {
    if (frame.type === "data") return this.#onData(frame);
    const { control, flags, payload } = frame;
    switch (control) {
      case frameTypes.synStream:
        return await this.#onSynStream(payload, flags);
      case frameTypes.headers:
        // Not used, but the compressor's state runs through it.
        await this.#inflater.decode(payload.subarray(4));
        return this.#stream(payload)?.receive(new Uint8Array(), (flags & finFlag) !== 0);
      case frameTypes.rstStream:
        return this.#stream(payload)?.onReset();
      case frameTypes.settings:
        return this.#onSettings(payload);
      case frameTypes.windowUpdate:
        this.#windows.managed = true;
        return this.#stream(payload)?.grow(numberAt(payload, 4) & 0x7fffffff);
      case frameTypes.ping:
        // Even numbers would answer pings of ours.
        if (numberAt(payload, 0) % 2 === 1) this.#send(controlFrame(control, payload));
    }
  }

  #stream(payload: Buffer): SpdyStream | undefined {
    return this.#streams.get(numberAt(payload, 0) & 0x7fffffff);
  }

  async #onSynStream(payload: Buffer, flags: number): Promise<void> {
    const id = numberAt(payload, 0) & 0x7fffffff;
    const headers = await this.#inflater.decode(payload.subarray(10));
    if (this.#closing) return;
    if (id % 2 === 0 || id <= this.#lastStream) throw new SpdyError(`bad stream number ${id}`);
    this.#lastStream = id;
    if (this.#streams.size >= maxStreams) return this.#reset(id, resetCodes.refusedStream);
    const block = await this.#deflater.encode(new Map());
    this.#send(controlFrame(frameTypes.synReply, joined(numbers(id), block)));
    const stream = new SpdyStream(headers, this.#windows, {
      data: (data, fin) => this.#sendData(id, data, fin),
      consumed: (bytes) => this.#send(controlFrame(frameTypes.windowUpdate, numbers(id, bytes))),
      full: (isFull) => this.#onFull(stream, isFull),
      reset: () => this.#reset(id, resetCodes.cancel),
      gone: () => void this.#streams.delete(id),
    });
    this.#streams.set(id, stream);
    this.#options.onStream(stream);
    if (flags & finFlag) stream.receive(new Uint8Array(), true);
  }

  #onData({ stream: id, flags, data }: SpdyFrame & { type: "data" }): void {
    const stream = this.#streams.get(id);
    if (stream) stream.receive(data, (flags & finFlag) !== 0);
    else if (id > this.#lastStream) throw new SpdyError(`data for stream ${id}, which is not open`);
  }

  #onSettings(payload: Buffer): void {
    for (let i = 0, at = 4; i < numberAt(payload, 0); i++, at += 8) {
      if ((numberAt(payload, at) & 0xffffff) !== initialWindowSetting) continue;
      const initial = numberAt(payload, at + 4);
      const change = initial - this.#windows.initial;
      this.#windows.initial = initial;
      this.#windows.managed = true;
      for (const stream of this.#streams.values()) stream.grow(change);
    }
  }

  #onFull(stream: SpdyStream, isFull: boolean): void {
    if (isFull) this.#full.add(stream);
    else this.#full.delete(stream);
    if (this.#full.size === 0) this.#resume();
  }

  #reset(id: number, code: number): void {
    this.#send(controlFrame(frameTypes.rstStream, numbers(id, code)));
  }

  /** For small frames; what carries data waits in `#sendData`. */
  #send(frame: Uint8Array): void {
    if (!this.#transport.destroyed && !this.#closing) this.#transport.write(frame);
  }

  async #sendData(id: number, data: Uint8Array, fin: boolean): Promise<void> {
    if (this.#closing) throw new SpdyError("closed");
    const head = dataHead(id, data.length, fin ? finFlag : 0);
    await writeAll(this.#transport, joined(head, data));
  }

  #onClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#linger?.cancel();
    this.#resume();
    for (const stream of [...this.#streams.values()]) stream.onReset();
    this.#inflater.close();
    this.#deflater.close();
    this.#options.onClose?.();
  }
}

interface StreamLink {
  data(data: Uint8Array, fin: boolean): Promise<void>;
  /** Room for that many bytes more. */
  consumed(bytes: number): void;
  full(isFull: boolean): void;
  reset(): void;
  gone(): void;
}

/** One stream of a connection. A reset by the client destroys it without an error. */
export class SpdyStream extends Duplex {
  readonly headers: Headers;
  readonly #link: StreamLink;
  readonly #windows: { readonly managed: boolean };
  #window: number;
  #windowGrew = () => {};
  #unconsumed = 0;
  #wasReset = false;
  #ended = false;

  constructor(
    headers: Headers,
    windows: { readonly initial: number; readonly managed: boolean },
    link: StreamLink,
  ) {
    super({ readableHighWaterMark: readBufferBytes, writableHighWaterMark: maxDataBytes });
    this.headers = headers;
    this.#windows = windows;
    this.#window = windows.initial;
    this.#link = link;
    this.once("close", () => link.gone());
  }

  /** For the connection: what came. */
  receive(data: Uint8Array, fin: boolean): void {
    if (this.#ended || this.destroyed) return;
    if (data.length > 0) {
      this.#unconsumed += data.length;
      if (this.push(data)) this.#consume();
      else this.#link.full(true);
    }
    if (!fin) return;
    this.#ended = true;
    this.push(null);
  }

  /** For the connection: the client allows `bytes` more (or, after SETTINGS, fewer). */
  grow(bytes: number): void {
    this.#window += bytes;
    if (this.#window > 0) this.#windowGrew();
  }

  /** For the connection: the client wants no more of it, or is gone. */
  onReset(): void {
    this.#wasReset = true;
    this.destroy();
  }

  override _read(): void {
    this.#link.full(false);
    this.#consume();
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: (error?: Error) => void): void {
    this.#writeAll(chunk).then(() => callback(), callback);
  }

  override _final(callback: (error?: Error) => void): void {
    this.#link.data(new Uint8Array(), true).then(() => callback(), () => callback());
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#link.full(false);
    this.#windowGrew();
    const whole = this.#ended && this.writableFinished;
    if (!this.#wasReset && !whole) this.#link.reset();
    callback(error);
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      while (this.#windows.managed && this.#window <= 0 && !this.destroyed) {
        await new Promise<void>((resolve) => this.#windowGrew = resolve);
      }
      if (this.destroyed) throw new SpdyError("stream reset");
      const room = this.#windows.managed ? Math.min(maxDataBytes, this.#window) : maxDataBytes;
      const part = chunk.subarray(at, at + room);
      this.#window -= part.length;
      at += part.length;
      await this.#link.data(part, false);
    }
  }

  #consume(): void {
    if (this.#unconsumed === 0) return;
    this.#link.consumed(this.#unconsumed);
    this.#unconsumed = 0;
  }
}

function joined(head: Uint8Array, body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
}
