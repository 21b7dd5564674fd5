import { concat } from "../../shared/http2/bytes.ts";
import type { BodySource, BodyWriter } from "../../shared/stream/body_writer.ts";

export type { BodySource, BodyWriter };
/** All of a body, in pieces, or what sends it bit by bit. */
export type DirectBody = readonly Uint8Array[] | BodySource;

interface DirectInit {
  readonly status?: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * An answer whose body a listener sends without the platform's streams, which cost more than the rest of a small
 * request. To everybody else it is an ordinary `Response`, made when it is used as one.
 */
export class DirectResponse {
  readonly status: number;
  readonly direct: DirectBody;
  #given: Readonly<Record<string, string>>;
  #headers: Headers | undefined;
  #whole: Response | undefined;

  constructor(direct: DirectBody, { status = 200, headers }: DirectInit) {
    this.direct = direct;
    this.status = status;
    this.#given = headers;
  }

  get headers(): Headers {
    return this.#headers ??= new Headers(this.#given);
  }

  /** Sets headers without making `Headers` of them; names in lower case. */
  setHeaders(more: Readonly<Record<string, string>>): void {
    if (!this.#headers) this.#given = { ...this.#given, ...more };
    else for (const [name, value] of Object.entries(more)) this.#headers.set(name, value);
  }

  /** Every header as it stands. */
  fields(): Iterable<[name: string, value: string]> {
    return this.#headers ?? Object.entries(this.#given);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#response().body;
  }

  text(): Promise<string> {
    return this.#response().text();
  }

  json(): Promise<unknown> {
    return this.#response().json();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#response().arrayBuffer();
  }

  bytes(): Promise<Uint8Array> {
    return this.#response().bytes();
  }

  #response(): Response {
    const { direct, status } = this;
    return this.#whole ??= new Response(
      typeof direct === "function" ? readableOf(direct) : concat(direct) as Uint8Array<ArrayBuffer>,
      { status, headers: this.headers },
    );
  }
}

/** Answers with bytes. */
export function bytesResponse(bytes: Uint8Array, init: DirectInit): Response {
  return new DirectResponse([bytes], init) as unknown as Response;
}

/** Answers with a body that comes bit by bit. Nothing happens before somebody reads it. */
export function sourceResponse(source: BodySource, init: DirectInit): Response {
  return new DirectResponse(source, init) as unknown as Response;
}

/** Sets headers of a response, at little cost if it is a direct one; names in lower case. */
export function setHeaders(
  response: Response | DirectResponse,
  headers: Readonly<Record<string, string>>,
): void {
  if (response instanceof DirectResponse) return response.setHeaders(headers);
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
}

/** What a listener may send instead of `response.body`. */
export function directBodyOf(response: Response | DirectResponse): DirectBody | undefined {
  return response instanceof DirectResponse ? response.direct : undefined;
}

const goneWriter: BodyWriter = {
  write: () => false,
  onDrain() {},
  onClose: (task) => task(),
  end() {},
};

/** A source as a stream: it begins with the first read, and one chunk is under way at most. */
function readableOf(source: BodySource): ReadableStream<Uint8Array> {
  let drain = () => {};
  let gone = () => {};
  let started = false;
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (started) return drain();
      started = true;
      source({
        write(...chunks) {
          for (const chunk of chunks) controller.enqueue(chunk);
          return false;
        },
        onDrain: (task) => void (drain = task),
        onClose: (task) => void (gone = task),
        end: () => cancelled || controller.close(),
      });
    },
    cancel() {
      cancelled = true;
      // A source that nobody has read from holds something all the same.
      if (started) gone();
      else source(goneWriter);
    },
  }, { highWaterMark: 0 });
}
