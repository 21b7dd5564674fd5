import { Buffer } from "node:buffer";
import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import { parseJson } from "../../shared/codec/json.ts";
import { parseYaml } from "../../shared/codec/yaml.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import {
  AnswerError,
  deadlineExceeded,
  exchange,
  type ExchangeAnswer,
  type ExchangeRequest,
} from "../network/exchange.ts";
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
   * Sends `body` as JSON and returns the object that comes back, whatever it is. Throws WebhookError.
   */
  async post(
    target: WebhookTarget,
    body: unknown,
    options: WebhookCallOptions = {},
  ): Promise<unknown> {
    const { clock } = this.#options;
    const { timeoutMs, signal, maxAnswerBytes = defaultAnswerBytes } = options;
    const endpoint = webhookEndpoint(target, this.#options);
    const query = timeoutMs === undefined ? "" : `?timeout=${Math.ceil(timeoutMs / 1000)}s`;
    const late = new AbortController();
    const timer = clock.after(
      timeoutMs ?? defaultTimeoutMs,
      () => late.abort(deadlineExceeded),
    );
    const request: ExchangeRequest = {
      agent: this.#agentFor(endpoint),
      method: "POST",
      path: endpoint.path + query,
      headers: {
        "host": endpoint.host,
        "accept": "application/json, */*",
        "content-type": "application/json",
        "user-agent": "coracle",
      },
      body: Buffer.from(JSON.stringify(body)),
      signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
      maxAnswerBytes,
    };
    try {
      return decodeAnswer(await this.#askPatiently(request));
    } catch (error) {
      if (error instanceof WebhookError) throw error;
      const { message } = error as Error;
      if (error instanceof AnswerError) throw new WebhookError(message, { cause: error });
      // Go's `url.Error`.
      const url = JSON.stringify(endpoint.origin + request.path);
      throw new WebhookError(`Post ${url}: ${message}`, { cause: error });
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
  async #askPatiently(request: ExchangeRequest): Promise<ExchangeAnswer> {
    for (let attempt = 0;; attempt++) {
      const answer = await exchange(request);
      const { code } = answer;
      const busy = code === 429 || code >= 500;
      const seconds = retryAfter(answer);
      if (!busy || seconds === undefined || attempt >= maxRetries) return answer;
      // Cut short, it is the exchange that says so.
      await sleep(this.#options.clock, seconds * 1000, request.signal).catch(() => {});
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
      tls: () => ({ serverName, ca }),
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

/** In seconds. */
function retryAfter({ headers }: ExchangeAnswer): number | undefined {
  const value = headers["retry-after"];
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

function decodeAnswer(answer: ExchangeAnswer): unknown {
  const { code, headers, body } = answer;
  if (code < 200 || code > 206) throw refusedAnswer(answer);
  if (body.length === 0) {
    const type = headers["content-type"] ?? "application/json";
    throw new WebhookError(`0-length response with status code: ${code} and content type: ${type}`);
  }
  const value = parseEither(body);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  const given = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  throw undecodable(`json: cannot unmarshal ${given} into Go value of type ${typeMeta}`);
}

/** What the reference's decoder wants first of an object. */
const typeMeta =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** As the reference's decoders, which take YAML for what is no JSON. */
function parseEither(body: Uint8Array): unknown {
  try {
    return parseJson(body).value;
  } catch (error) {
    try {
      return parseYaml(body).value;
    } catch {
      throw undecodable((error as Error).message, error);
    }
  }
}

function undecodable(why: string, cause?: unknown): WebhookError {
  return new WebhookError(`couldn't get version/kind; json parse error: ${why}`, { cause });
}

function refusedAnswer(answer: ExchangeAnswer): WebhookError {
  const { code, headers, body } = answer;
  const isText = headers["content-type"]?.startsWith("text/") ?? false;
  const text = isText ? new TextDecoder().decode(body.subarray(0, maxErrorTextBytes)).trim() : "";
  const status = statusIn(body, code) ??
    unexpectedAnswer(code, isText ? text : "unknown", retryAfter(answer) ?? 0);
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
