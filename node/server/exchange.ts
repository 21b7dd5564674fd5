import type http2 from "node:http2";
import type { PodDirectory } from "../kubelet/pod_directory.ts";

/** What the node's server asks about pods. */
export type PodAccess = Pick<PodDirectory, "list" | "find" | "container" | "network">;

/** One request of the API server, with the stream that it came on. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Carries the request's body in and the answer's out. */
  readonly stream: http2.ServerHttp2Stream;
  /** Aborted when the stream is closed. */
  readonly signal: AbortSignal;
}

/** Begins the answer of a stream that is written to afterwards. */
export function respond(
  { stream }: Pick<Exchange, "stream">,
  status: number,
  contentType: string,
): void {
  if (stream.destroyed) return;
  stream.respond({ ":status": status, "content-type": contentType });
}

/** A whole answer. */
export function respondText(
  exchange: Pick<Exchange, "stream">,
  status: number,
  text: string,
  contentType = "text/plain; charset=utf-8",
): void {
  respond(exchange, status, contentType);
  exchange.stream.end(text);
}

export function respondJson(exchange: Pick<Exchange, "stream">, value: unknown): void {
  respondText(exchange, 200, JSON.stringify(value), "application/json");
}
