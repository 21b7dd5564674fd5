import { Buffer } from "node:buffer";
import { Agent, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { RuntimeError } from "../runtime_service.ts";

export interface RestRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/v4.0.0/libpod`, with query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const PREFIX = "/v4.0.0/libpod";

/** HTTP to Podman's service over its Unix socket, as its API documents it. Rejects with RuntimeError. */
export class RestClient {
  readonly #socketPath: string;
  readonly #agent: Agent;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 32 });
  }

  /** Sends and reads the whole answer; undefined when it has no body. */
  async call<T>(what: RestRequest): Promise<T> {
    const response = await this.#send(what);
    const text = await readAll(response);
    const code = response.statusCode ?? 0;
    if (code >= 400) throw refusal(code, text);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** Sends and leaves the body to the caller: for streams of events and pulls. */
  async stream(what: RestRequest): Promise<IncomingMessage> {
    const response = await this.#send(what);
    const code = response.statusCode ?? 0;
    if (code >= 400) throw refusal(code, await readAll(response));
    return response;
  }

  /** Turns the connection into a raw one, for exec and attach. `head` are bytes that came with the answer. */
  hijack(what: RestRequest): Promise<{ socket: Socket; head: Uint8Array }> {
    return new Promise((resolve, reject) => {
      const sending = request({
        ...this.#target(what),
        agent: false,
        headers: { ...headersOf(what), Connection: "Upgrade", Upgrade: "tcp" },
      });
      sending.on("upgrade", (_response, socket, head) => resolve({ socket, head }));
      sending.on("response", (response: IncomingMessage) => {
        readAll(response).then((text) => reject(refusal(response.statusCode ?? 0, text)), reject);
      });
      sending.on("error", (error: Error) => reject(unreachable(error)));
      sending.end(bodyOf(what));
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #target(what: RestRequest): { socketPath: string; method: string; path: string } {
    return { socketPath: this.#socketPath, method: what.method, path: PREFIX + what.path };
  }

  #send(what: RestRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sending = request({
        ...this.#target(what),
        agent: this.#agent,
        headers: headersOf(what),
      });
      // By hand, because the request's own `signal` says nothing on a connection that was used before, nor once
      // the head of the answer has come.
      let answer: IncomingMessage | undefined;
      const abort = () => {
        const reason = new Error("the request was aborted");
        answer?.destroy(reason);
        sending.destroy();
        reject(unreachable(reason));
      };
      const settled = () => what.signal?.removeEventListener("abort", abort);
      // First of all: a request that is destroyed says so too, and unheard that would end the agent.
      sending.on("error", (error: Error) => {
        settled();
        reject(unreachable(error));
      });
      if (what.signal?.aborted) return abort();
      what.signal?.addEventListener("abort", abort, { once: true });
      sending.on("response", (response: IncomingMessage) => {
        answer = response;
        response.once("close", settled);
        resolve(response);
      });
      sending.end(bodyOf(what));
    });
  }
}

function headersOf(what: RestRequest): Record<string, string> {
  const body = bodyOf(what);
  return {
    ...what.headers,
    ...(body !== undefined && {
      "Content-Type": "application/json",
      "Content-Length": String(Buffer.byteLength(body)),
    }),
  };
}

function bodyOf(what: RestRequest): string | undefined {
  return what.body === undefined ? undefined : JSON.stringify(what.body);
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString("utf8");
}

function unreachable(error: Error): RuntimeError {
  return new RuntimeError("Unavailable", `Cannot reach Podman: ${error.message}`, { cause: error });
}

function refusal(status: number, text: string): RuntimeError {
  let message = text.trim();
  try {
    const answer = JSON.parse(text) as { message?: string; cause?: string };
    message = answer.message ?? answer.cause ?? message;
  } catch { /* not JSON: the text is all there is */ }
  const code = codeOf(status, message);
  return new RuntimeError(code, message || `Podman answered ${status}`);
}

function codeOf(status: number, message: string): RuntimeError["code"] {
  if (message.includes("container state improper")) return "NotRunning";
  if (status === 404) return "NotFound";
  return status === 409 ? "Conflict" : "Failed";
}
