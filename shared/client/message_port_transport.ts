import { setImmediate } from "node:timers";
import { concat } from "../http2/bytes.ts";
import type { BodySource } from "../stream/body_writer.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

/** What is used of a `MessagePort`, a `Worker` or a worker's `self`. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  removeEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  /** Ports of a `MessageChannel` deliver nothing before this is called. */
  start?(): void;
}

/** Whom a client acts as. The serving end believes it, so a port must never be given to code that is not trusted. */
export interface UserRef {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string | undefined;
}

/**
 * Parts of a body that may be under way before the reader has taken the first. Few: what a slow reader leaves waits with
 * the sender, who joins it into larger parts.
 */
const WINDOW = 8;
/** Messages that are sent at the latest when so many wait. */
const BATCH = 64;

type Wire = Omit<TransportRequest, "signal">;
type ToServer =
  | { readonly id: number; readonly request: Wire; readonly user: UserRef }
  | { readonly id: number; readonly taken: number }
  | { readonly id: number; readonly cancel: true };
type FromCall =
  | { readonly request: Wire; readonly user: UserRef }
  | { readonly taken: number }
  | { readonly cancel: true };
type ToClient =
  | { readonly id: number; readonly status: number; readonly body?: Uint8Array }
  | { readonly id: number; readonly chunk: Uint8Array }
  | { readonly id: number; readonly end: true; readonly error?: string };

/** The client's end of a port, for any number of users at once. */
export interface PortClient {
  /** A transport whose requests are made as `user`. */
  as(user: UserRef): Transport;
}

/** The client's end; one for each port. */
export function portClient(port: Port): PortClient {
  const calls = new Map<number, Call>();
  const post = batched<ToServer>(port);
  let last = 0;
  port.addEventListener("message", (event) => {
    for (const message of event.data as ToClient[]) calls.get(message.id)?.receive(message);
  });
  port.start?.();
  return {
    as: (user) => ({
      send({ signal, ...request }) {
        const id = ++last;
        const call = new Call({
          post: (message) => post({ id, ...message }),
          onEnd: () => void calls.delete(id),
          signal,
        });
        calls.set(id, call);
        return call.start(request, user);
      },
    }),
  };
}

/**
 * Sends what is posted within one turn of the event loop as one message: each costs its sender and its receiver more
 * than what is in it.
 */
function batched<T>(port: Port): (message: T) => void {
  let waiting: T[] = [];
  const send = () => {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    port.postMessage(batch);
  };
  return (message) => {
    waiting.push(message);
    if (waiting.length === 1) setImmediate(send);
    else if (waiting.length === BATCH) send();
  };
}

interface CallOptions {
  readonly post: (message: FromCall) => void;
  readonly onEnd: () => void;
  readonly signal: AbortSignal | undefined;
}

/** One request under way at the client's end. */
class Call {
  readonly #options: CallOptions;
  readonly #head = Promise.withResolvers<TransportResponse>();
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => {};

  constructor(options: CallOptions) {
    this.#options = options;
  }

  start(request: Wire, user: UserRef): Promise<TransportResponse> {
    const { signal } = this.#options;
    if (signal?.aborted) {
      this.#options.onEnd();
      return Promise.reject(signal.reason);
    }
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#options.post({ request, user });
    return this.#head.promise;
  }

  receive(message: ToClient): void {
    if ("chunk" in message) this.#chunks.push(message.chunk);
    else if ("status" in message) this.#answer(message.status, message.body);
    else this.#end(message.error === undefined ? undefined : new Error(message.error));
    this.#wake();
  }

  #answer(status: number, body: Uint8Array | undefined): void {
    if (body) this.#end(undefined);
    this.#head.resolve({
      status,
      text: () => body ? Promise.resolve(decoder.decode(body)) : this.#collect(),
      stream: () => body ? once(body) : this.#stream(),
    });
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (error) this.#head.reject(error);
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#options.onEnd();
  }

  readonly #abort = () => {
    const reason = this.#options.signal?.reason;
    this.#cancel(reason instanceof Error ? reason : new Error(String(reason)));
  };

  #cancel(error: Error | undefined): void {
    if (!this.#ended) this.#options.post({ cancel: true });
    this.#end(error);
    this.#wake();
  }

  async *#stream(): AsyncIterable<Uint8Array> {
    let taken = 0;
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk) {
          yield chunk;
          if (++taken < WINDOW / 2) continue;
          if (!this.#ended) this.#options.post({ taken });
          taken = 0;
          continue;
        }
        if (this.#error) throw this.#error;
        if (this.#ended) return;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      this.#cancel(undefined);
    }
  }

  async #collect(): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of this.#stream()) text += decoder.decode(chunk, { stream: true });
    return text + decoder.decode();
  }
}

const decoder = new TextDecoder();

async function* once(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}

/** An answer as the serving end gives it: whole, or bit by bit. */
export type PortAnswer =
  | { readonly status: number; readonly body: Uint8Array }
  | { readonly status: number; readonly source: BodySource };

/** Answers a request that came through a port. */
export type PortHandler = (request: TransportRequest & { user: UserRef }) => Promise<PortAnswer>;

/** The server's end. Returns a function that ends every request under way and hears no more. */
export function serveTransport(port: Port, handle: PortHandler): () => void {
  const active = new Map<number, Serving>();
  const post = batched<ToClient>(port);
  const receive = (message: ToServer) => {
    const { id } = message;
    if ("request" in message) {
      const serving = new Serving((part) => post({ id, ...part }), () => void active.delete(id));
      active.set(id, serving);
      void serve(serving, message, handle);
      return;
    }
    if ("cancel" in message) active.get(id)?.cancel(new Error("canceled by the client"));
    else active.get(id)?.taken(message.taken);
  };
  const onMessage = (event: MessageEvent) => (event.data as ToServer[]).forEach(receive);
  port.addEventListener("message", onMessage);
  port.start?.();
  return () => {
    port.removeEventListener("message", onMessage);
    for (const serving of active.values()) serving.cancel(new Error("the server stopped"));
  };
}

type Part =
  | { readonly status: number; readonly body?: Uint8Array }
  | { readonly chunk: Uint8Array }
  | { readonly end: true; readonly error?: string };

/** One request under way at the server's end. */
class Serving {
  /** Made when it is asked for: only what takes long does. */
  #abort: AbortController | undefined;
  #reason: Error | undefined;
  readonly #post: (part: Part) => void;
  readonly #onEnd: () => void;
  /** Parts that may still be sent. */
  #credit = WINDOW;
  #drain = () => {};

  constructor(post: (part: Part) => void, onEnd: () => void) {
    this.#post = post;
    this.#onEnd = onEnd;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#reason) this.#abort.abort(this.#reason);
    return this.#abort.signal;
  }

  cancel(reason: Error): void {
    this.#onEnd();
    this.#reason = reason;
    this.#abort?.abort(reason);
  }

  taken(parts: number): void {
    const wasEmpty = this.#credit <= 0;
    this.#credit += parts;
    if (wasEmpty && this.#credit > 0) this.#drain();
  }

  whole(status: number, body: Uint8Array): void {
    this.#post({ status, body: compact(body) });
    this.#onEnd();
  }

  fail(error: unknown): void {
    this.#post({ end: true, error: error instanceof Error ? error.message : String(error) });
    this.#onEnd();
  }

  pour(status: number, source: BodySource): void {
    const { signal } = this;
    this.#post({ status });
    source({
      write: (...chunks) => {
        if (signal.aborted) return false;
        this.#post({ chunk: compact(chunks.length === 1 ? chunks[0]! : concat(chunks)) });
        return --this.#credit > 0;
      },
      onDrain: (task) => void (this.#drain = task),
      onClose: (task) => signal.addEventListener("abort", task, { once: true }),
      end: () => {
        if (!signal.aborted) this.#post({ end: true });
        this.#onEnd();
      },
    });
  }
}

async function serve(
  serving: Serving,
  { request, user }: { readonly request: Wire; readonly user: UserRef },
  handle: PortHandler,
): Promise<void> {
  try {
    const answer = await handle({
      ...request,
      user,
      get signal() {
        return serving.signal;
      },
    });
    if ("body" in answer) serving.whole(answer.status, answer.body);
    else serving.pour(answer.status, answer.source);
  } catch (error) {
    serving.fail(error);
  }
}

/** A part of a buffer is sent with the whole of it, so it gets its own. */
function compact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
