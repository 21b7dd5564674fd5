import type { Header } from "./header_table.ts";
import { OutgoingBody } from "./output.ts";
import { type ErrorCode, errorCodes } from "./protocol.ts";
import type { RequestHead } from "./request_head.ts";

/** What a stream needs of its connection. */
export interface StreamLink {
  headers(stream: number, headers: Iterable<Header>, last: boolean): void;
  send(body: OutgoingBody): boolean;
  /** Lets the peer send `bytes` more on this stream. */
  grant(stream: number, bytes: number): void;
  reset(stream: ServerStream, code: ErrorCode): void;
  /** Both ends have said all they had to say, or one has broken off. */
  closed(stream: ServerStream): void;
}

/** The client has broken off the request, or is gone. */
export class StreamReset extends Error {
  override readonly name = "StreamReset";
  constructor() {
    super("the client broke off the request");
  }
}

/** One request and its answer. */
export class ServerStream {
  readonly id: number;
  readonly head: RequestHead;
  readonly out: OutgoingBody;
  /** The request has a body, however short. */
  readonly hasBody: boolean;
  readonly #link: StreamLink;
  /** Pieces of the body that nobody has asked for yet. */
  readonly #arrived: Uint8Array[] = [];
  #received = 0;
  readonly #fullWindow: number;
  #window: number;
  /** Taken by the reader and not yet given back to the peer as window. */
  #owed = 0;
  /** Takes the next piece as it comes. */
  #reader: { resolve(piece: Uint8Array | undefined): void; reject(error: Error): void } | undefined;
  #remoteEnded: boolean;
  #localEnded = false;
  #gone = false;
  #onGone: (() => void)[] = [];

  constructor(
    link: StreamLink,
    head: RequestHead,
    { id, hasBody, sendWindow, receiveWindow }: {
      readonly id: number;
      readonly hasBody: boolean;
      readonly sendWindow: number;
      readonly receiveWindow: number;
    },
  ) {
    this.#link = link;
    this.id = id;
    this.head = head;
    this.hasBody = hasBody;
    this.#remoteEnded = !hasBody;
    this.#fullWindow = receiveWindow;
    this.#window = receiveWindow;
    this.out = new OutgoingBody(id, sendWindow);
  }

  /** The client broke off, or its connection did, before the answer had ended. */
  get gone(): boolean {
    return this.#gone;
  }

  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** Calls `task` if the client breaks off before the answer has ended; at once if it has. */
  onGone(task: () => void): void {
    if (this.#gone) task();
    else this.#onGone.push(task);
  }

  /** The next piece of the body; undefined after the last. One call at a time. Rejects with StreamReset. */
  next(): Promise<Uint8Array | undefined> {
    const piece = this.#arrived.shift();
    if (piece) {
      this.#grant(piece.length);
      return Promise.resolve(piece);
    }
    if (this.#remoteEnded) return Promise.resolve(undefined);
    if (this.#gone || this.#localEnded) return Promise.reject(new StreamReset());
    return new Promise((resolve, reject) => this.#reader = { resolve, reject });
  }

  /** Sends the head of the answer, and with `last` the whole of it. Does nothing if the client is gone. */
  respond(status: number, headers: Iterable<Header>, last = false): void {
    if (this.#gone || this.#localEnded) return;
    this.#link.headers(this.id, withStatus(status, headers), last);
    if (last) this.#endLocal();
  }

  /** Sends pieces of the answer. False: they wait, and `out.onDrain` tells when more makes sense. */
  write(...chunks: readonly Uint8Array[]): boolean {
    if (this.#gone || this.#localEnded) return false;
    for (const chunk of chunks) this.out.add(chunk);
    return this.#link.send(this.out);
  }

  /** Ends the answer, after `chunks`. */
  end(...chunks: readonly Uint8Array[]): void {
    if (this.#gone || this.#localEnded) return;
    for (const chunk of chunks) this.out.add(chunk);
    this.out.ended = true;
    this.out.onSent = () => this.#endLocal();
    this.#link.send(this.out);
  }

  /** Breaks the stream off from our side. */
  reset(code: ErrorCode): void {
    if (this.#gone || (this.#localEnded && this.#remoteEnded)) return;
    this.#link.reset(this, code);
    this.abandon();
  }

  /** For the connection: bytes of the body have come, `size` of them counted by the window. False: too many. */
  receive(piece: Uint8Array, size: number): boolean {
    this.#window -= size;
    if (this.#window < 0) return false;
    this.#received += piece.length;
    // Padding is taken at once: nobody reads it.
    if (size > piece.length) this.#grant(size - piece.length);
    if (piece.length === 0 || this.#localEnded) return true;
    const reader = this.#reader;
    // The connection's buffer is used again.
    const own = piece.slice();
    if (!reader) {
      this.#arrived.push(own);
      return true;
    }
    this.#reader = undefined;
    this.#grant(own.length);
    reader.resolve(own);
    return true;
  }

  /** For the connection: the body has ended. False: it is not as long as was announced. */
  endRemote(): boolean {
    this.#remoteEnded = true;
    const { contentLength } = this.head;
    if (contentLength !== undefined && contentLength !== this.#received) return false;
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
    if (this.#localEnded) this.#link.closed(this);
    return true;
  }

  /** For the connection: nothing more will come or can be sent. */
  abandon(): void {
    if (this.#gone) return;
    const answered = this.#localEnded;
    this.#gone = true;
    this.#arrived.length = 0;
    this.#reader?.reject(new StreamReset());
    this.#reader = undefined;
    this.out.drop();
    const tasks = this.#onGone;
    this.#onGone = [];
    if (!answered) { for (const task of tasks) task(); }
  }

  #grant(bytes: number): void {
    this.#owed += bytes;
    // In large steps: a short body needs none at all.
    if (this.#owed * 2 < this.#fullWindow || this.#remoteEnded || this.#gone) return;
    this.#window += this.#owed;
    this.#link.grant(this.id, this.#owed);
    this.#owed = 0;
  }

  #endLocal(): void {
    this.#localEnded = true;
    this.#onGone = [];
    if (this.#remoteEnded) return this.#link.closed(this);
    // The answer did not need the rest of the body: the client need not send it.
    this.#link.reset(this, errorCodes.noError);
    this.#arrived.length = 0;
    this.#reader?.reject(new StreamReset());
    this.#reader = undefined;
  }
}

function* withStatus(status: number, headers: Iterable<Header>): Iterable<Header> {
  yield [":status", String(status)];
  yield* headers;
}
