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

/** A transport request as a `Request`. */
export function toRequest(request: TransportRequest): Request {
  const headers = new Headers();
  if (request.accept) headers.set("accept", request.accept);
  if (request.contentType) headers.set("content-type", request.contentType);
  if (request.userAgent) headers.set("user-agent", request.userAgent);
  return new Request(`https://in-process${request.path}`, {
    method: request.method,
    headers,
    body: request.body ?? null,
    signal: request.signal ?? null,
  });
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
