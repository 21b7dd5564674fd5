import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

/** A whole HTTP exchange as a function, e.g. a Hono app's `fetch`. */
export type HttpHandler = (request: Request) => Response | Promise<Response>;

/** Reaches a server in the same process. The handler says who the caller is, e.g. by the bindings it adds. */
export function inProcessTransport(handle: HttpHandler): Transport {
  return {
    async send(request) {
      request.signal?.throwIfAborted();
      return fromResponse(await handle(toRequest(request)));
    },
  };
}

/**
 * A transport request as a `Request`, as far as a server looks at one: a real one, its headers and its stream of a body
 * cost more than the rest of a small request.
 */
export function toRequest(request: TransportRequest): Request {
  const { method, path, body } = request;
  return {
    method,
    url: `https://in-process${path}`,
    headers: headersOf(request),
    body: body === undefined ? null : [encoder.encode(body)],
    get signal() {
      return request.signal ?? neverAborted;
    },
  } as unknown as Request;
}

const encoder = new TextEncoder();
const neverAborted = new AbortController().signal;

function headersOf({ accept, contentType, userAgent }: TransportRequest): Map<string, string> {
  const headers = new Map<string, string>();
  if (accept) headers.set("accept", accept);
  if (contentType) headers.set("content-type", contentType);
  if (userAgent) headers.set("user-agent", userAgent);
  return headers;
}

/** A `Response` as a transport gives it. */
export function fromResponse(response: Response): TransportResponse {
  return {
    status: response.status,
    text: () => response.text(),
    async *stream() {
      if (response.body) yield* response.body;
    },
  };
}
