import type { Transport, TransportRequest } from "../../shared/client/transport.ts";

/** What one request of a load says; bodies are JSON. */
export interface Exchange {
  readonly method: TransportRequest["method"];
  readonly path: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

/** Sends one request and reads its whole answer; rejects if it was refused. */
export async function exchange(transport: Transport, request: Exchange): Promise<string> {
  const { method, path, contentType = "application/json", body } = request;
  const response = await transport.send({
    method,
    path,
    accept: "application/json",
    ...(body !== undefined && { contentType, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status < 300) return text;
  throw new Error(`${method} ${path}: status ${response.status}: ${text.slice(0, 300)}`);
}
