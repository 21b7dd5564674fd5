import { concat } from "./bytes.ts";
import { type Frame, FrameReader, uint31 } from "./frame_reader.ts";
import type { Header } from "./header_table.ts";
import { HpackDecoder } from "./hpack_decoder.ts";
import type { HpackEncoder } from "./hpack_encoder.ts";
import { type OutgoingBody, Output, type OutputOptions } from "./output.ts";
import { defaultPeerSettings, readSettings } from "./peer_settings.ts";
import {
  ConnectionError,
  defaultFrameSize,
  defaultWindow,
  type ErrorCode,
  errorCodes,
  flags,
  frameTypes,
  maxWindow,
  preface,
  settings,
  StreamError,
} from "./protocol.ts";
import { checkTrailers, readRequestHead } from "./request_head.ts";
import { ServerStream, type StreamLink } from "./server_stream.ts";

/** Answers one request; what it returns settles when it has nothing more to do with the stream. */
export type StreamHandler = (stream: ServerStream) => Promise<void>;

export interface ServerConnectionOptions extends OutputOptions {
  readonly handle: StreamHandler;
  /** Shared by all connections. */
  readonly encoder: HpackEncoder;
  /** Why the connection ended early; for the log. */
  failed(error: Error): void;
}

/** Requests at a time (the reference allows 250). */
const maxStreams = 250;
/** Handlers may outlive streams that a client breaks off again and again; not without end. */
const maxHandlers = 4 * maxStreams;
/** What a request's body may send ahead of its reader. */
const streamWindow = 256 * 1024;
/** The whole connection's window: as large as its streams can fill, so that none starves another. */
const connectionWindow = maxStreams * streamWindow;
const maxHeaderBlock = 64 * 1024;
const maxHeaderList = 128 * 1024;
const headerTable = 4096;
/** Frames that ask for an answer and carry no request, while the peer does not read what we answer. */
const maxUnreadReplies = 2000;
/** Streams that we broke off: the peer may not know yet and go on for a while. */
const maxRemembered = 256;

const tableOfNoSize = new Uint8Array([0x20]);

/** A header block of which parts are still to come. */
interface UnfinishedBlock {
  readonly stream: number;
  readonly endStream: boolean;
  /** What is wrong with the stream; said when the block has been decoded, as each has to be. */
  readonly fault: StreamError | undefined;
  readonly parts: Uint8Array[];
  length: number;
}

/**
 * The server's end of one HTTP/2 connection (RFC 9113): bytes in, requests out to the handler, their answers back as
 * bytes. It knows no socket and no clock. Everything that a peer can make it hold is bounded by the limits above.
 */
export class ServerConnection implements StreamLink {
  readonly #options: ServerConnectionOptions;
  readonly #output: Output;
  readonly #reader = new FrameReader(defaultFrameSize);
  readonly #decoder = new HpackDecoder({ maxTable: headerTable, maxList: maxHeaderList });
  readonly #streams = new Map<number, ServerStream>();
  readonly #brokenOff = new Set<number>();
  #peer = defaultPeerSettings;
  #prefaceLeft = preface.length;
  #settingsSeen = false;
  #lastStream = 0;
  /** The header block that is not whole yet. */
  #block: UnfinishedBlock | undefined;
  #encoded = false;
  #handlers = 0;
  #unreadReplies = 0;
  /** Received and not yet given back. */
  #taken = 0;
  #draining = false;
  #closed = false;

  constructor(options: ServerConnectionOptions) {
    this.#options = options;
    this.#output = new Output(options);
    this.#output.frames.settings([
      [settings.maxConcurrentStreams, maxStreams],
      [settings.initialWindowSize, streamWindow],
      [settings.maxHeaderListSize, maxHeaderList],
    ]);
    this.#output.frames.windowUpdate(0, connectionWindow - defaultWindow);
    this.#output.flush();
  }

  /** The peer has begun something and not ended it: its first words, or a header block. */
  get owesHeaders(): boolean {
    return !this.#settingsSeen || this.#block !== undefined;
  }

  /** Takes bytes as they come. */
  push(chunk: Uint8Array): void {
    if (this.#closed) return;
    try {
      const rest = this.#prefaceLeft > 0 ? this.#readPreface(chunk) : chunk;
      this.#reader.push(rest, (frame) => this.#take(frame));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Asks whether the peer is still there; its answer is bytes like any other. */
  ping(): void {
    this.#output.frames.ping(new Uint8Array(8), false);
    this.#output.flush();
  }

  /** Takes no new requests; ends the connection when those under way are answered. */
  drain(): void {
    if (this.#draining || this.#closed) return;
    this.#draining = true;
    this.#output.frames.goAway(this.#lastStream);
    this.#output.flush();
    this.#endIfDrained();
  }

  /** The connection is gone: all requests under way are told. */
  lost(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#output.stop();
    this.#abandonAll();
  }

  headers(stream: number, headers: Iterable<Header>, last: boolean): void {
    let block = this.#options.encoder.encode(headers);
    if (!this.#encoded) {
      // We use no dynamic table, and say so once: a peer may insist on hearing it (RFC 7541, section 4.2).
      this.#encoded = true;
      block = concat([tableOfNoSize, block]);
    }
    this.#output.frames.headers(stream, block, { last, maxFrame: this.#peer.maxFrame });
    this.#output.soon();
  }

  send(body: OutgoingBody): boolean {
    return this.#output.send(body);
  }

  grant(stream: number, bytes: number): void {
    this.#output.frames.windowUpdate(stream, bytes);
    this.#output.soon();
  }

  reset(stream: ServerStream, code: ErrorCode): void {
    this.#breakOff(stream.id, code);
    this.closed(stream);
  }

  closed(stream: ServerStream): void {
    this.#streams.delete(stream.id);
    this.#output.forget(stream.out);
    this.#endIfDrained();
  }

  #readPreface(chunk: Uint8Array): Uint8Array {
    const at = preface.length - this.#prefaceLeft;
    const part = chunk.subarray(0, this.#prefaceLeft);
    if (part.some((byte, i) => byte !== preface[at + i])) {
      throw new ConnectionError(errorCodes.protocolError, "this is not HTTP/2");
    }
    this.#prefaceLeft -= part.length;
    return chunk.subarray(part.length);
  }

  /** One frame; false when no later one matters. */
  #take(frame: Frame): boolean {
    try {
      this.#dispatch(frame);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#options.failed(error);
      const stream = this.#streams.get(error.stream);
      if (stream) stream.reset(error.code);
      else this.#breakOff(error.stream, error.code);
      this.#reply();
    }
    return !this.#closed;
  }

  #dispatch(frame: Frame): void {
    const { type, stream } = frame;
    if (!this.#settingsSeen && type !== frameTypes.settings) {
      throw new ConnectionError(errorCodes.protocolError, "the first frame is not SETTINGS");
    }
    if (this.#block && (type !== frameTypes.continuation || stream !== this.#block.stream)) {
      throw new ConnectionError(errorCodes.protocolError, "a frame within a header block");
    }
    switch (type) {
      case frameTypes.data:
        return this.#data(frame);
      case frameTypes.headers:
        return this.#headers(frame);
      case frameTypes.priority:
        return checkPriority(frame);
      case frameTypes.rstStream:
        return this.#rstStream(frame);
      case frameTypes.settings:
        return this.#settings(frame);
      case frameTypes.pushPromise:
        throw new ConnectionError(errorCodes.protocolError, "a client cannot push");
      case frameTypes.ping:
        return this.#ping(frame);
      case frameTypes.goAway:
        return onConnection(frame);
      case frameTypes.windowUpdate:
        return this.#windowUpdate(frame);
      case frameTypes.continuation:
        return this.#continuation(frame);
    }
  }

  #data(frame: Frame): void {
    const { payload, stream: id } = frame;
    this.#onStream(frame, "DATA");
    // The connection's window is given back at once: what a stream may hold is bounded by its own.
    this.#taken += payload.length;
    if (this.#taken * 2 > connectionWindow) {
      this.grant(0, this.#taken);
      this.#taken = 0;
    }
    const stream = this.#streams.get(id);
    const body = unpadded(frame);
    if (!stream || stream.remoteEnded) {
      if (this.#brokenOff.has(id)) return;
      throw new StreamError(id, errorCodes.streamClosed, "DATA after the end");
    }
    if (!stream.receive(body, payload.length)) {
      throw new StreamError(id, errorCodes.flowControlError, "more DATA than the window allows");
    }
    if (payload.length === 0 && !(frame.flags & flags.endStream)) this.#reply();
    if (frame.flags & flags.endStream) this.#endRemote(stream);
  }

  #endRemote(stream: ServerStream): void {
    if (stream.endRemote()) return;
    throw new StreamError(stream.id, errorCodes.protocolError, "another length than announced");
  }

  #headers(frame: Frame): void {
    const { stream: id } = frame;
    if (id % 2 === 0) {
      throw new ConnectionError(
        errorCodes.protocolError,
        "a request on a stream that is not the client's",
      );
    }
    let part = unpadded(frame);
    let fault: StreamError | undefined;
    if (frame.flags & flags.priority) {
      fault = dependencyFault(id, part);
      part = part.subarray(5);
    }
    this.#block = {
      stream: id,
      endStream: (frame.flags & flags.endStream) !== 0,
      fault,
      parts: [],
      length: 0,
    };
    this.#addToBlock(part, frame.flags);
  }

  #continuation(frame: Frame): void {
    if (!this.#block) throw new ConnectionError(errorCodes.protocolError, "a stray CONTINUATION");
    if (frame.payload.length === 0) this.#reply();
    this.#addToBlock(frame.payload, frame.flags);
  }

  #addToBlock(part: Uint8Array, flagBits: number): void {
    const block = this.#block!;
    block.length += part.length;
    if (block.length > maxHeaderBlock) {
      throw new ConnectionError(errorCodes.enhanceYourCalm, "a header block is too large");
    }
    const whole = (flagBits & flags.endHeaders) !== 0;
    if (whole && block.parts.length === 0) return this.#blockDone(part);
    block.parts.push(part.slice());
    if (whole) this.#blockDone(concat(block.parts));
  }

  #blockDone(bytes: Uint8Array): void {
    const { stream: id, endStream, fault } = this.#block!;
    this.#block = undefined;
    // Also if nobody wants it: the next block is decoded by the table that this one leaves.
    const { headers, tooLarge } = this.#decoder.decode(bytes);
    const known = this.#streams.get(id);
    if (known) return this.#trailers(known, headers, endStream);
    if (id <= this.#lastStream) {
      if (this.#brokenOff.has(id)) return;
      throw new ConnectionError(errorCodes.streamClosed, "HEADERS on a stream that has ended");
    }
    this.#lastStream = id;
    if (fault) throw fault;
    if (this.#draining || this.#streams.size >= maxStreams) {
      throw new StreamError(id, errorCodes.refusedStream, "too many requests at a time");
    }
    if (this.#handlers >= maxHandlers) {
      throw new ConnectionError(errorCodes.enhanceYourCalm, "requests are broken off too fast");
    }
    this.#open(id, headers, { endStream, tooLarge });
  }

  #open(id: number, headers: readonly Header[], { endStream, tooLarge }: {
    readonly endStream: boolean;
    readonly tooLarge: boolean;
  }): void {
    if (tooLarge) {
      this.headers(id, [[":status", "431"]], true);
      return endStream ? undefined : this.#breakOff(id, errorCodes.noError);
    }
    const stream = new ServerStream(this, readRequestHead(id, headers), {
      id,
      hasBody: !endStream,
      sendWindow: this.#peer.initialWindow,
      receiveWindow: streamWindow,
    });
    if (endStream && (stream.head.contentLength ?? 0) > 0) {
      throw new StreamError(id, errorCodes.protocolError, "a length without a body");
    }
    this.#streams.set(id, stream);
    this.#handlers++;
    this.#options.handle(stream).catch((error: Error) => {
      this.#options.failed(error);
      stream.reset(errorCodes.internalError);
    }).finally(() => this.#handlers--);
  }

  #trailers(stream: ServerStream, headers: readonly Header[], endStream: boolean): void {
    if (stream.remoteEnded) {
      throw new StreamError(stream.id, errorCodes.streamClosed, "HEADERS after the end");
    }
    if (!endStream) {
      throw new StreamError(stream.id, errorCodes.protocolError, "trailers that end nothing");
    }
    checkTrailers(stream.id, headers);
    this.#endRemote(stream);
  }

  #rstStream(frame: Frame): void {
    this.#onStream(frame, "RST_STREAM");
    sized(frame, 4);
    const stream = this.#streams.get(frame.stream);
    if (!stream) return this.#reply();
    this.closed(stream);
    stream.abandon();
  }

  #settings(frame: Frame): void {
    onConnection(frame);
    const { payload } = frame;
    if (frame.flags & flags.ack) {
      if (payload.length > 0) throw new ConnectionError(errorCodes.frameSizeError, "SETTINGS ack");
      return;
    }
    const before = this.#peer.initialWindow;
    this.#peer = readSettings(payload, this.#peer);
    this.#settingsSeen = true;
    this.#output.maxFrame = Math.min(this.#peer.maxFrame, 4 * defaultFrameSize);
    this.#output.frames.settingsAck();
    this.#reply();
    const change = this.#peer.initialWindow - before;
    if (change !== 0) { for (const { out } of this.#streams.values()) this.#widen(out, change); }
  }

  #ping(frame: Frame): void {
    onConnection(frame);
    sized(frame, 8);
    if (frame.flags & flags.ack) return;
    this.#output.frames.ping(frame.payload, true);
    this.#reply();
  }

  #windowUpdate(frame: Frame): void {
    sized(frame, 4);
    const increment = uint31(frame.payload, 0);
    const { stream: id } = frame;
    if (id === 0) {
      if (increment === 0) {
        throw new ConnectionError(errorCodes.protocolError, "WINDOW_UPDATE of 0");
      }
      return this.#output.widen(increment);
    }
    this.#onStream(frame, "WINDOW_UPDATE");
    const stream = this.#streams.get(id);
    if (increment === 0) throw new StreamError(id, errorCodes.protocolError, "WINDOW_UPDATE of 0");
    if (!stream) return;
    if (stream.out.window + increment > maxWindow) {
      throw new StreamError(id, errorCodes.flowControlError, "the stream's window is too large");
    }
    this.#widen(stream.out, increment);
  }

  #widen(body: OutgoingBody, increment: number): void {
    body.window += increment;
    if (body.window > maxWindow) {
      throw new ConnectionError(errorCodes.flowControlError, "a stream's window is too large");
    }
    if (!body.empty) this.#output.send(body);
  }

  /** Throws ConnectionError for a frame on no stream, or on one that nobody has opened. */
  #onStream({ stream }: Frame, name: string): void {
    if (stream === 0 || stream > this.#lastStream) {
      throw new ConnectionError(errorCodes.protocolError, `${name} on a stream that is not open`);
    }
  }

  /** Something goes out that no request asked for; a peer that does not read it must not pile it up. */
  #reply(): void {
    if (this.#output.idle) this.#unreadReplies = 0;
    if (++this.#unreadReplies > maxUnreadReplies) {
      throw new ConnectionError(errorCodes.enhanceYourCalm, "too many frames without a request");
    }
    this.#output.soon();
  }

  #breakOff(id: number, code: ErrorCode): void {
    if (this.#brokenOff.size >= maxRemembered) {
      const [oldest] = this.#brokenOff;
      this.#brokenOff.delete(oldest!);
    }
    this.#brokenOff.add(id);
    this.#output.frames.reset(id, code);
    this.#output.soon();
  }

  #fail(error: unknown): void {
    const code = error instanceof ConnectionError ? error.code : errorCodes.internalError;
    this.#options.failed(error as Error);
    this.#closed = true;
    this.#output.frames.goAway(this.#lastStream, code);
    this.#output.close();
    this.#abandonAll();
  }

  #abandonAll(): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.abandon();
  }

  #endIfDrained(): void {
    if (!this.#draining || this.#closed || this.#streams.size > 0) return;
    this.#closed = true;
    this.#output.close();
  }
}

/** The payload without its padding. Throws ConnectionError. */
function unpadded({ payload, flags: bits }: Frame): Uint8Array {
  if (!(bits & flags.padded)) return payload;
  const padding = payload[0] ?? 0;
  if (padding >= payload.length) {
    throw new ConnectionError(errorCodes.protocolError, "more padding than payload");
  }
  return payload.subarray(1, payload.length - padding);
}

/** Priorities are read and not followed (RFC 9113, section 5.3.2). Throws for what is no priority. */
function checkPriority({ stream, payload }: Frame): void {
  if (stream === 0) throw new ConnectionError(errorCodes.protocolError, "PRIORITY on no stream");
  if (payload.length !== 5) throw new StreamError(stream, errorCodes.frameSizeError, "PRIORITY");
  const fault = dependencyFault(stream, payload);
  if (fault) throw fault;
}

function dependencyFault(stream: number, payload: Uint8Array): StreamError | undefined {
  if (payload.length < 5) throw new ConnectionError(errorCodes.frameSizeError, "half a priority");
  if (uint31(payload, 0) !== stream) return undefined;
  return new StreamError(stream, errorCodes.protocolError, "a stream that depends on itself");
}

function onConnection({ stream, type }: Frame): void {
  if (stream === 0) return;
  throw new ConnectionError(errorCodes.protocolError, `a frame of type ${type} on a stream`);
}

function sized({ payload, type }: Frame, size: number): void {
  if (payload.length === size) return;
  throw new ConnectionError(errorCodes.frameSizeError, `a frame of type ${type}`);
}
