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

/** Parts of a body that may be under way before the reader has taken the first. */
const WINDOW = 64;

type Wire = Omit<TransportRequest, "signal">;
type ToServer =
  | { readonly id: number; readonly request: Wire; readonly user: UserRef }
  | { readonly id: number; readonly taken: number }
  | { readonly id: number; readonly cancel: true };
type ToClient =
  | { readonly id: number; readonly status: number; readonly text?: string }
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
  let last = 0;
  port.addEventListener("message", (event) => {
    const message = event.data as ToClient;
    calls.get(message.id)?.receive(message);
  });
  port.start?.();
  return {
    as: (user) => ({
      send({ signal, ...request }) {
        const id = ++last;
        const call = new Call({
          post: (message) => port.postMessage({ id, ...message }),
          onEnd: () => void calls.delete(id),
          signal,
        });
        calls.set(id, call);
        return call.start(request, user);
      },
    }),
  };
}

interface CallOptions {
  readonly post: (message: Record<string, unknown>) => void;
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
    else if ("status" in message) this.#answer(message.status, message.text);
    else this.#end(message.error === undefined ? undefined : new Error(message.error));
    this.#wake();
  }

  #answer(status: number, text: string | undefined): void {
    if (text !== undefined) this.#end(undefined);
    this.#head.resolve({
      status,
      text: () => text === undefined ? this.#collect() : Promise.resolve(text),
      stream: () => text === undefined ? this.#stream() : once(new TextEncoder().encode(text)),
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

async function* once(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}

/** Answers a request that came through a port. */
export type PortHandler = (
  request: TransportRequest & { user: UserRef },
) => Promise<TransportResponse>;

/** The server's end. Returns a function that ends every request under way and hears no more. */
export function serveTransport(port: Port, handle: PortHandler): () => void {
  const active = new Map<number, Serving>();
  const onMessage = (event: MessageEvent) => {
    const message = event.data as ToServer;
    if ("request" in message) {
      const serving: Serving = { abort: new AbortController(), credit: WINDOW, wake: () => {} };
      active.set(message.id, serving);
      const post = (part: Record<string, unknown>) => port.postMessage({ id: message.id, ...part });
      void serve({ ...message, serving, post }, handle).finally(() => active.delete(message.id));
      return;
    }
    const serving = active.get(message.id);
    if (!serving) return;
    if ("cancel" in message) serving.abort.abort(new Error("canceled by the client"));
    else serving.credit += message.taken;
    serving.wake();
  };
  port.addEventListener("message", onMessage);
  port.start?.();
  return () => {
    port.removeEventListener("message", onMessage);
    for (const { abort, wake } of active.values()) {
      abort.abort(new Error("the server stopped"));
      wake();
    }
  };
}

interface Serving {
  readonly abort: AbortController;
  /** Parts that may still be sent. */
  credit: number;
  wake: () => void;
}
interface ServeOptions {
  readonly request: Wire;
  readonly user: UserRef;
  readonly serving: Serving;
  readonly post: (part: Record<string, unknown>) => void;
}

async function serve(options: ServeOptions, handle: PortHandler): Promise<void> {
  const { request, user, serving, post } = options;
  const { signal } = serving.abort;
  try {
    const response = await handle({ ...request, user, signal });
    // One message instead of three for everything that is not open-ended.
    if (!isOpenEnded(request.path)) {
      return post({ status: response.status, text: await response.text() });
    }
    post({ status: response.status });
    for await (const chunk of response.stream()) {
      while (serving.credit === 0 && !signal.aborted) {
        await new Promise<void>((resolve) => serving.wake = resolve);
      }
      if (signal.aborted) return;
      serving.credit--;
      post({ chunk });
    }
    post({ end: true });
  } catch (error) {
    post({ end: true, error: error instanceof Error ? error.message : String(error) });
  }
}

function isOpenEnded(path: string): boolean {
  return /[?&](watch|follow)=(true|1)(&|$)/.test(path);
}
