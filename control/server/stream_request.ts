import type { Header } from "../../shared/http2/header_table.ts";
import type { ServerStream } from "../../shared/http2/server_stream.ts";

/**
 * What handlers use of a `Request`, over an HTTP/2 stream. Making the platform's own costs as much as answering
 * a small read, and most requests need no more of it than a few headers.
 */
export class StreamRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: StreamHeaders;
  readonly #stream: ServerStream;
  #body: ReadableStream<Uint8Array> | undefined;
  #abort: AbortController | undefined;

  constructor(stream: ServerStream) {
    const { method, path, authority, fields } = stream.head;
    this.#stream = stream;
    this.method = method;
    this.headers = new StreamHeaders(fields, authority);
    this.url = `https://${this.headers.get("host") ?? "localhost"}${path}`;
  }

  /** Aborted if the client breaks off. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = this.#abort = new AbortController();
      this.#stream.onGone(() => abort.abort());
    }
    return this.#abort.signal;
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (!this.#stream.hasBody) return null;
    return this.#body ??= new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const piece = await this.#stream.next();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    }, { highWaterMark: 0 });
  }

  /** The body piece by piece, without the platform's streams. Rejects with StreamReset. */
  async *pieces(): AsyncIterable<Uint8Array> {
    if (!this.#stream.hasBody) return;
    for (let piece; (piece = await this.#stream.next());) yield piece;
  }
}

/** The headers of a request, read as `Headers` are. */
export class StreamHeaders {
  /** As they came: a repeated header once for each value. Names are in lower case. */
  readonly fields: readonly Header[];
  readonly #authority: string;
  #whole: Headers | undefined;

  /** `authority` stands for a missing `host`. */
  constructor(fields: readonly Header[], authority: string) {
    this.fields = fields;
    this.#authority = authority;
  }

  get(name: string): string | null {
    const wanted = name.toLowerCase();
    let found: string | null = null;
    for (const [known, value] of this.fields) {
      if (known === wanted) found = found === null ? value : `${found}, ${value}`;
    }
    return found ?? (wanted === "host" && this.#authority !== "" ? this.#authority : null);
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  forEach(task: (value: string, name: string) => void): void {
    this.#all().forEach((value, name) => task(value, name));
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.#all()[Symbol.iterator]();
  }

  /** For whoever wants to go through them, which few requests need. */
  #all(): Headers {
    if (!this.#whole) {
      this.#whole = new Headers(
        this.fields.map(([name, value]): [string, string] => [name, value]),
      );
      const host = this.get("host");
      if (host !== null) this.#whole.set("host", host);
    }
    return this.#whole;
  }
}
