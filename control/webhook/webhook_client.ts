import { Buffer } from "node:buffer";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import type { Clock } from "../../shared/clock/clock.ts";
import { sleep } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import { parseJson } from "../../shared/codec/json.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { readChunks } from "../../shared/stream/read_chunks.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import type { Network } from "../network/network.ts";
import { TlsAgent } from "../network/tls_agent.ts";
import { type WebhookEndpoint, webhookEndpoint, type WebhookTarget } from "./webhook_endpoint.ts";
import { unexpectedAnswer, WebhookError } from "./webhook_error.ts";

export interface WebhookClientOptions {
  readonly network: Network;
  readonly reader: AdmissionReader;
  readonly clock: Clock;
  readonly random: Random;
}

export interface WebhookCallOptions {
  /** How long the whole call may take; the webhook hears of it by `?timeout=10s`. Absent: 30 s, unannounced. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call: its request went away. */
  readonly signal?: AbortSignal | undefined;
  /** The largest answer that is read. Default 16 MiB. */
  readonly maxAnswerBytes?: number;
}

const defaultTimeoutMs = 30_000;
const defaultAnswerBytes = 16 * 1024 * 1024;
/** How many servers connections are kept to; the one not asked for longest makes room. */
const maxAgents = 64;
/** As client-go's requests. */
const maxRetries = 10;
/** How much of an answer that is no success is shown. */
const maxErrorTextBytes = 2048;

/**
 * Calls webhooks: of admission, of the conversion of custom resources. One for the server, as it keeps connections, by
 * target and authority. Source of messages and limits: k8s.io/apiserver/pkg/util/webhook and client-go's rest package.
 */
export class WebhookClient {
  readonly #options: WebhookClientOptions;
  readonly #agents = new Map<string, TlsAgent>();

  constructor(options: WebhookClientOptions) {
    this.#options = options;
  }

  /**
   * Sends `body` as JSON and returns the JSON that comes back, whatever it is. Throws WebhookError.
   */
  async post(
    target: WebhookTarget,
    body: unknown,
    options: WebhookCallOptions = {},
  ): Promise<unknown> {
    const { clock } = this.#options;
    const { timeoutMs, signal } = options;
    const endpoint = webhookEndpoint(target, this.#options);
    const path = timeoutMs === undefined
      ? endpoint.path
      : `${endpoint.path}?timeout=${Math.ceil(timeoutMs / 1000)}s`;
    const late = new AbortController();
    const timer = clock.after(timeoutMs ?? defaultTimeoutMs, () => late.abort(tooLate));
    const ended = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    const exchange: Exchange = {
      agent: this.#agentFor(endpoint),
      endpoint,
      path,
      body: Buffer.from(JSON.stringify(body)),
      signal: ended,
      maxAnswerBytes: options.maxAnswerBytes ?? defaultAnswerBytes,
    };
    try {
      return decodeAnswer(await this.#sendPatiently(exchange));
    } finally {
      timer.cancel();
    }
  }

  /** Closes what is kept; calls under way fail. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  /** Asks again, as often and as late as the server says by Retry-After. */
  async #sendPatiently(exchange: Exchange): Promise<Answer> {
    for (let attempt = 0;; attempt++) {
      const answer = await sendOnce(exchange);
      const { code, retryAfter } = answer;
      const busy = code === 429 || code >= 500;
      if (!busy || retryAfter === undefined || attempt >= maxRetries) return answer;
      await sleep(this.#options.clock, retryAfter * 1000, exchange.signal)
        .catch((error: unknown) => Promise.reject(postError(exchange, error)));
    }
  }

  #agentFor({ origin, ca, serverName, destination }: WebhookEndpoint): TlsAgent {
    const key = `${origin}\n${ca ?? ""}`;
    const found = this.#agents.get(key);
    if (found) {
      // The map's order is that of use.
      this.#agents.delete(key);
      this.#agents.set(key, found);
      return found;
    }
    const { network, clock } = this.#options;
    const agent = new TlsAgent({
      tls: { serverName, ca },
      dial: async () => await network.dial(destination()),
      clock,
    });
    this.#agents.set(key, agent);
    const [oldest] = this.#agents.keys();
    if (this.#agents.size > maxAgents) {
      this.#agents.get(oldest!)!.destroy();
      this.#agents.delete(oldest!);
    }
    return agent;
  }
}

/** Go's context.DeadlineExceeded. */
const tooLate = new Error("context deadline exceeded");

interface Exchange {
  readonly agent: TlsAgent;
  readonly endpoint: WebhookEndpoint;
  readonly path: string;
  readonly body: Buffer;
  readonly signal: AbortSignal;
  readonly maxAnswerBytes: number;
}

interface Answer {
  readonly code: number;
  readonly contentType: string;
  /** In seconds. */
  readonly retryAfter: number | undefined;
  readonly body: Uint8Array;
}

/** A connection that was kept may just have been closed by the other side: that is no answer, and is tried once more. */
async function sendOnce(exchange: Exchange): Promise<Answer> {
  for (let again = true;; again = false) {
    const request = begin(exchange);
    const stop = () => request.destroy();
    exchange.signal.addEventListener("abort", stop, { once: true });
    try {
      exchange.signal.throwIfAborted();
      return await readAnswer(await answerTo(request, exchange), exchange);
    } catch (error) {
      request.destroy();
      if (again && !exchange.signal.aborted && isStale(request, error)) continue;
      if (error instanceof WebhookError) throw error;
      throw postError(exchange, exchange.signal.aborted ? exchange.signal.reason : error);
    } finally {
      exchange.signal.removeEventListener("abort", stop);
    }
  }
}

function begin({ agent, endpoint, path, body }: Exchange): ClientRequest {
  const request = httpRequest({
    agent,
    method: "POST",
    host: endpoint.serverName,
    path,
    setHost: false,
    headers: {
      "host": endpoint.host,
      "accept": "application/json, */*",
      "content-type": "application/json",
      "content-length": body.length,
      "user-agent": "coracle",
    },
  });
  // What goes wrong is told by whoever waits for the answer.
  request.on("error", () => {});
  request.end(body);
  return request;
}

function answerTo(request: ClientRequest, { signal }: Exchange): Promise<IncomingMessage> {
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
  { maxAnswerBytes, signal }: Exchange,
): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of readChunks(message)) {
      length += chunk.length;
      if (length > maxAnswerBytes) throw new WebhookError("the answer is too large");
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof WebhookError || signal.aborted) throw error;
    const why = "unexpected error when reading response body. Please retry. Original error";
    throw new WebhookError(`${why}: unexpected EOF`, { cause: error });
  }
  const retryAfter = message.headers["retry-after"];
  return {
    code: message.statusCode ?? 0,
    contentType: message.headers["content-type"] ?? "",
    retryAfter: retryAfter !== undefined && /^\d+$/.test(retryAfter)
      ? Number(retryAfter)
      : undefined,
    body: Buffer.concat(chunks),
  };
}

function isStale(request: ClientRequest, error: unknown): boolean {
  const { code } = error as { readonly code?: string };
  return request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
}

/** Go's `url.Error`. */
function postError({ endpoint, path }: Exchange, cause: unknown): WebhookError {
  const url = JSON.stringify(`${endpoint.origin}${path}`);
  const { message, code } = cause as Error & { readonly code?: string };
  const why = cause instanceof DOMException && cause.name === "AbortError"
    ? "context canceled"
    : code === "ECONNRESET"
    ? "EOF"
    : message;
  return new WebhookError(`Post ${url}: ${why}`, { cause });
}

function decodeAnswer({ code, contentType, retryAfter, body }: Answer): unknown {
  if (code < 200 || code > 206) throw refusedAnswer({ code, contentType, retryAfter, body });
  if (body.length === 0) {
    throw new WebhookError(
      `0-length response with status code: ${code} and content type: ${contentType}`,
    );
  }
  try {
    return parseJson(body).value;
  } catch (error) {
    const why = (error as Error).message;
    throw new WebhookError(`couldn't get version/kind; json parse error: ${why}`, { cause: error });
  }
}

function refusedAnswer({ code, contentType, retryAfter = 0, body }: Answer): WebhookError {
  const isText = contentType.startsWith("text/");
  const text = isText ? new TextDecoder().decode(body.subarray(0, maxErrorTextBytes)).trim() : "";
  const status = statusIn(body, code) ??
    unexpectedAnswer(code, isText ? text : "unknown", retryAfter);
  return new WebhookError(status.message, { status });
}

/** The Status that an API server answers with. */
function statusIn(body: Uint8Array, code: number): StatusError | undefined {
  try {
    const value = parseJson(body).value as { readonly kind?: string; readonly status?: string };
    if (value?.kind !== "Status" || value.status !== "Failure") return undefined;
    return StatusError.fromStatus(value as Parameters<typeof StatusError.fromStatus>[0], code);
  } catch {
    return undefined;
  }
}
