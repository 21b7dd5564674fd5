import type { Transport, TransportRequest, TransportResponse } from "../transport.ts";

/** What a test's server answers: a whole body, or a body that arrives in parts and may break. */
export interface FakeAnswer {
  readonly status?: number;
  readonly body?: unknown;
  readonly stream?: AsyncIterable<Uint8Array>;
}

/** A transport for tests: remembers what was asked and answers what `answer` says. */
export class FakeTransport implements Transport {
  readonly requests: TransportRequest[] = [];
  readonly #answer: (request: TransportRequest) => FakeAnswer | Promise<FakeAnswer>;

  constructor(answer: (request: TransportRequest) => FakeAnswer | Promise<FakeAnswer>) {
    this.#answer = answer;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    this.requests.push(request);
    const { status = 200, body, stream } = await this.#answer(request);
    const text = typeof body === "string" ? body : JSON.stringify(body ?? {});
    return {
      status,
      text: () => Promise.resolve(text),
      stream: () => stream ?? encoded(text),
    };
  }
}

async function* encoded(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text);
}
