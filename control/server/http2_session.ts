import type { TLSSocket } from "node:tls";
import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../../shared/clock/clock.ts";
import type { BufferPool } from "../../shared/http2/frame_writer.ts";
import type { HpackEncoder } from "../../shared/http2/hpack_encoder.ts";
import type { Wire } from "../../shared/http2/output.ts";
import { ServerConnection, type StreamHandler } from "../../shared/http2/server_connection.ts";
import type { Log } from "../../shared/log/log.ts";

/** How long a client may take for its first words, or for the rest of a request's headers. */
const headersMs = 10_000;
/** A client that has been silent this long is asked whether it is there; after as long again it is given up. */
const silenceMs = 60_000;

export interface SessionOptions {
  readonly socket: TLSSocket;
  readonly handle: StreamHandler;
  /** These two are shared by all sessions. */
  readonly encoder: HpackEncoder;
  readonly pool: BufferPool;
  readonly clock: Clock;
  readonly log: Log;
}

/** HTTP/2 on one TLS socket: carries bytes between the two, and ends what hangs. */
export class Http2Session {
  readonly #socket: TLSSocket;
  readonly #clock: Clock;
  readonly #connection: ServerConnection;
  #deadline: Timer | undefined;
  #silence: Timer | undefined;
  #heardAt: number;
  #asked = false;

  constructor({ socket, handle, encoder, pool, clock, log }: SessionOptions) {
    this.#socket = socket;
    this.#clock = clock;
    this.#heardAt = clock.monotonic();
    this.#connection = new ServerConnection({
      wire: wireOf(socket),
      handle,
      encoder,
      pool,
      defer: setImmediate,
      failed: (error) => log.debug("HTTP/2 request or connection failed", { error: error.message }),
    });
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.once("close", () => this.#end());
    this.#watchHeaders();
    this.#watchSilence(silenceMs);
  }

  /** Takes no new requests and closes the socket when those under way are answered. */
  drain(): void {
    this.#connection.drain();
  }

  #receive({ buffer, byteOffset, length }: Uint8Array): void {
    this.#heardAt = this.#clock.monotonic();
    this.#asked = false;
    // A plain array: cutting a piece off a Buffer would not copy it.
    this.#connection.push(new Uint8Array(buffer, byteOffset, length));
    this.#watchHeaders();
  }

  #watchHeaders(): void {
    if (!this.#connection.owesHeaders) {
      this.#deadline?.cancel();
      this.#deadline = undefined;
    } else {
      this.#deadline ??= this.#clock.after(headersMs, () => this.#socket.destroy());
    }
  }

  #watchSilence(ms: number): void {
    this.#silence = this.#clock.after(ms, () => {
      const silent = this.#clock.monotonic() - this.#heardAt;
      if (silent < silenceMs) return this.#watchSilence(silenceMs - silent);
      if (this.#asked) return void this.#socket.destroy();
      this.#asked = true;
      this.#connection.ping();
      this.#watchSilence(silenceMs);
    });
  }

  #end(): void {
    this.#deadline?.cancel();
    this.#silence?.cancel();
    this.#connection.lost();
  }
}

function wireOf(socket: TLSSocket): Wire {
  return {
    write: (bytes, sent) => void socket.write(bytes, () => sent()),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}
