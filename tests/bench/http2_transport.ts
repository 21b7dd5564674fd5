import { fromResponse, toRequest } from "../../shared/client/in_process_transport.ts";
import type { Transport } from "../../shared/client/transport.ts";
import type { RunningServer } from "./server.ts";

/** Everything over one HTTP/2 connection, as apibench does it. */
export interface Http2Transport extends Transport {
  close(): void;
}

/** Connects as the server's administrator. */
export function http2Transport({ url, admin }: RunningServer): Http2Transport {
  const client = Deno.createHttpClient({
    caCerts: [admin.ca],
    cert: admin.certificate,
    key: admin.key,
    http1: false,
    http2: true,
  });
  return {
    async send(request) {
      const { method, headers } = toRequest(request);
      const { body = null, signal = null, path } = request;
      return fromResponse(await fetch(url + path, { method, headers, body, signal, client }));
    },
    close: () => client.close(),
  };
}
