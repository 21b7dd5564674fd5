import type { Clock } from "../clock/clock.ts";
import type { Transport, TransportRequest } from "./transport.ts";

export interface BoundedJsonOptions {
  readonly clock: Clock;
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Bytes of the answer at most. */
  readonly maxBytes: number;
}

/** An answer that is not what was asked for; `status` is its HTTP code. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

/**
 * One exchange of JSON with somebody whom we do not trust to answer soon or little: webhooks and token issuers. Rejects
 * with `AnswerError` for an answer other than 2xx or one that is too long, with a SyntaxError for one that is no JSON.
 */
export async function boundedJson(
  transport: Transport,
  request: TransportRequest,
  { clock, timeoutMs, maxBytes }: BoundedJsonOptions,
): Promise<unknown> {
  const limit = new AbortController();
  const timer = clock.after(
    timeoutMs,
    () => limit.abort(new Error(`no answer in ${timeoutMs} ms`)),
  );
  try {
    const response = await transport.send({
      accept: "application/json",
      ...request,
      signal: limit.signal,
    });
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.stream()) {
      size += part.length;
      if (size > maxBytes) throw new AnswerError(`answered more than ${maxBytes} bytes`, 0);
      parts.push(part);
    }
    const { status } = response;
    if (status < 200 || status > 299) throw new AnswerError(`answered ${status}`, status);
    return JSON.parse(await new Blob(parts as Uint8Array<ArrayBuffer>[]).text());
  } finally {
    timer.cancel();
  }
}
