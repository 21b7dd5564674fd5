/** A request to the API, before anything is encoded. */
export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query, e.g. `/api/v1/pods?watch=true`. */
  readonly path: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly body?: string;
  readonly userAgent?: string;
  readonly signal?: AbortSignal | undefined;
}
export interface TransportResponse {
  readonly status: number;
  /** The whole body as text. Either this or `stream` is read, once. */
  text(): Promise<string>;
  /** The body as it arrives, for watches and logs. Ends when the server ends it; throws if the connection breaks. */
  stream(): AsyncIterable<Uint8Array>;
}

/** How a client reaches the API: HTTPS, a message port to the server's thread, or a call within the process. */
export interface Transport {
  send(request: TransportRequest): Promise<TransportResponse>;
}
