import type { Transport, TransportRequest } from "../../shared/client/transport.ts";

/** What one request of a load says; bodies are JSON. */
export interface Exchange {
  readonly method: TransportRequest["method"];
  readonly path: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

/** Sends one request and takes in its whole answer, without looking at it; rejects if it was refused. */
export async function exchange(transport: Transport, request: Exchange): Promise<void> {
  const { method, path, contentType = "application/json", body } = request;
  const response = await transport.send({
    method,
    path,
    accept: "application/json",
    ...(body !== undefined && { contentType, body: JSON.stringify(body) }),
  });
  if (response.status >= 300) {
    const text = await response.text();
    throw new Error(`${method} ${path}: status ${response.status}: ${text.slice(0, 300)}`);
  }
  // deno-lint-ignore no-empty -- taking it in is all that a load does with an answer
  for await (const _ of response.stream()) {}
}
