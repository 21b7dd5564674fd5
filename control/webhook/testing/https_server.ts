import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Duplex } from "node:stream";
import { type Authority, createAuthority, issueLeaf } from "../../certificates/authority.ts";

/** An HTTPS server on loopback with an authority of its own, for tests. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** PEM in base64, as configurations carry it. */
  readonly caBundle: string;
  readonly authority: Authority;
  /** How many connections it has had. */
  readonly connections: () => number;
  /** How many are open. */
  readonly open: () => number;
  /** Drops every open connection. */
  cut(): void;
  /** Ends its side of every open connection, as servers do with idle ones. */
  finish(): void;
}

export interface TestServerOptions {
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
  /** Wall-clock milliseconds; certificates are valid for an hour from then. */
  readonly now: number;
  /** PEM; clients with certificates of this authority are known. */
  readonly clientCa?: string;
}

/** Starts one that `answer` answers for. */
export async function startTestServer(
  answer: RequestListener,
  options: TestServerOptions,
): Promise<TestServer> {
  const { now, dnsNames = [], addresses = ["127.0.0.1"], clientCa } = options;
  const authority = await createAuthority("test", { now });
  const leaf = await issueLeaf(authority, {
    commonName: "test",
    dnsNames,
    addresses,
    usages: ["server auth"],
    lifetimeMs: 3600_000,
    now,
  });
  const server = createServer({
    cert: leaf.certificate,
    key: leaf.key,
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
  }, answer);
  server.on("tlsClientError", () => {});
  const sockets = new Set<Duplex>();
  let count = 0;
  server.on("secureConnection", (socket) => {
    count++;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as { readonly port: number }).port,
    caBundle: btoa(authority.certificate),
    authority,
    connections: () => count,
    open: () => sockets.size,
    cut,
    finish: () => sockets.forEach((socket) => socket.end()),
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The whole body of a request, as JSON. */
export async function jsonBody(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += new TextDecoder().decode(chunk as Uint8Array);
  return JSON.parse(text);
}

/** Answers with a JSON value. */
export function answerJson(response: ServerResponse, value: unknown, code = 200): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}
