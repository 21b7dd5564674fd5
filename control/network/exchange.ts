import { Buffer } from "node:buffer";
import {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as httpRequest,
} from "node:http";
import { readChunks } from "../../shared/stream/read_chunks.ts";

/** A request whose answer is read whole. */
export interface ExchangeRequest {
  /** Whoever makes and keeps the connections. */
  readonly agent: Agent;
  readonly method: "GET" | "POST";
  /** Path and query. */
  readonly path: string;
  /** With Host. */
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  /** Its reason is what the exchange fails with. */
  readonly signal: AbortSignal;
  readonly maxAnswerBytes: number;
}

export interface ExchangeAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** An answer began and cannot be used: it is too large or not whole. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
}

/** Go's context.DeadlineExceeded, for the reason of signals. */
export const deadlineExceeded = new Error("context deadline exceeded");

/**
 * Asks and reads the answer. A connection that was kept may just have been closed by the other side: that is no
 * answer, and is tried once more. Rejects with an Error in Go's words; AnswerError once the answer has begun.
 */
export async function exchange(asked: ExchangeRequest): Promise<ExchangeAnswer> {
  const { signal } = asked;
  for (let again = true;; again = false) {
    if (signal.aborted) throw inGoWords(signal.reason);
    const request = begin(asked);
    const stop = () => request.destroy();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await readAnswer(await answerTo(request, signal), asked);
    } catch (error) {
      request.destroy();
      if (signal.aborted) throw inGoWords(signal.reason);
      if (again && isStale(request, error)) continue;
      throw error instanceof AnswerError ? error : inGoWords(error);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

function begin({ agent, method, path, headers, body }: ExchangeRequest): ClientRequest {
  const request = httpRequest({
    agent,
    method,
    path,
    headers: { ...headers, ...(body && { "content-length": body.length }) },
    setHost: false,
  });
  // What goes wrong is told by whoever waits for the answer.
  request.on("error", () => {});
  request.end(body);
  return request;
}

function answerTo(request: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    const settle = () => signal.removeEventListener("abort", aborted);
    request.once("response", (message) => {
      settle();
      resolve(message);
    });
    request.once("error", (error) => {
      settle();
      reject(error);
    });
  });
}

async function readAnswer(
  message: IncomingMessage,
  { maxAnswerBytes }: ExchangeRequest,
): Promise<ExchangeAnswer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of readChunks(message)) {
      length += chunk.length;
      if (length > maxAnswerBytes) throw new AnswerError("the answer is too large");
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AnswerError) throw error;
    const why = "unexpected error when reading response body. Please retry. Original error";
    throw new AnswerError(`${why}: unexpected EOF`, { cause: error });
  }
  return { code: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(chunks) };
}

function isStale(request: ClientRequest, error: unknown): boolean {
  const { code } = error as { readonly code?: string };
  return request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
}

function inGoWords(error: unknown): Error {
  const { message, code } = error as Error & { readonly code?: string };
  if (error instanceof DOMException && error.name === "AbortError") {
    return new Error("context canceled", { cause: error });
  }
  return code === "ECONNRESET"
    ? new Error("EOF", { cause: error })
    : new Error(message, { cause: error });
}
