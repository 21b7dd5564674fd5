import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { FakeClock, settle } from "../clock/fake_clock.ts";
import { httpsTransport } from "./https_transport.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A certificate that is its own CA, for both ends. */
async function certificate() {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=tester",
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2099-01-01"),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }]),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${
    pkcs8.toString("base64")
  }\n-----END PRIVATE KEY-----\n`;
  return { certPem: certificate.toString("pem"), keyPem };
}

const own = await certificate();

async function withServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  test: (url: string) => Promise<void>,
): Promise<void> {
  const server: Server = createServer({
    cert: own.certPem,
    key: own.keyPem,
    ca: own.certPem,
    requestCert: true,
    rejectUnauthorized: false,
  }, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await test(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

Deno.test("httpsTransport() shows its certificate and the token of the moment, over kept connections", async () => {
  const seen: string[] = [];
  const sockets = new Set<unknown>();
  await withServer((request, response) => {
    const socket = request.socket as TLSSocket;
    sockets.add(request.socket.remotePort);
    seen.push(`${socket.getPeerCertificate().subject?.CN} ${request.headers.authorization}`);
    let body = "";
    request.on("data", (chunk) => body += chunk);
    request.on("end", () => response.end(`${request.method} ${request.url} ${body}`));
  }, async (server) => {
    let token = "one";
    const transport = httpsTransport({
      server,
      caPem: own.certPem,
      certificate: () => own,
      token: () => token,
    });
    const first = await transport.send({ method: "POST", path: "/api?x=1", body: "ä" });
    assert.equal(await first.text(), "POST /api?x=1 ä");
    token = "two\n";
    await (await transport.send({ method: "GET", path: "/api" })).text();
    assert.deepEqual(seen, ["tester Bearer one", "tester Bearer two"]);
    assert.equal(sockets.size, 1);
    transport.close();
  });
});

Deno.test("httpsTransport() streams as it arrives, and a broken or refused connection is an error", async () => {
  await withServer((_, response) => {
    response.write("one");
    setTimeout(() => response.destroy(), 20);
  }, async (server) => {
    const transport = httpsTransport({ server, caPem: own.certPem });
    const response = await transport.send({ method: "GET", path: "/x?watch=true" });
    let text = "";
    await assert.rejects(async () => {
      for await (const chunk of response.stream()) text += new TextDecoder().decode(chunk);
    }, /Cannot GET \/x: no answer/);
    assert.equal(text, "one");
    transport.close();
  });
  const nobody = httpsTransport({ server: "https://127.0.0.1:1", caPem: own.certPem });
  await assert.rejects(nobody.send({ method: "GET", path: "/x" }), /no answer/);
});

Deno.test("httpsTransport() notices a peer that went silent", async () => {
  const clock = new FakeClock();
  await withServer((request, response) => {
    if (request.url!.includes("watch")) response.write("one");
  }, async (server) => {
    const transport = httpsTransport({ server, caPem: own.certPem }, { clock });
    const watch = await transport.send({ method: "GET", path: "/x?watch=true" });
    const reading = watch.text();
    const silent = transport.send({ method: "GET", path: "/silent" });
    await settle();
    const both = Promise.all([
      assert.rejects(silent, /no answer/),
      assert.rejects(reading, /no answer/),
    ]);
    await clock.advance(200_000);
    await both;
    transport.close();
  });
});

Deno.test("httpsTransport() ends a request when its signal says so, and the server hears of it", async () => {
  const closed = Promise.withResolvers<void>();
  await withServer((request, response) => {
    response.write("one");
    request.on("close", closed.resolve);
    response.on("close", closed.resolve);
  }, async (server) => {
    const transport = httpsTransport({ server, caPem: own.certPem });
    const abort = new AbortController();
    const response = await transport.send({
      method: "GET",
      path: "/x?watch=true",
      signal: abort.signal,
    });
    const reading = response.text();
    abort.abort(new Error("enough"));
    await assert.rejects(reading);
    await closed.promise;
    await assert.rejects(
      transport.send({ method: "GET", path: "/y", signal: abort.signal }),
      /enough/,
    );
    transport.close();
  });
});
