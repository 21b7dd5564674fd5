import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Probe } from "../../../shared/api/core/v1/types.gen.ts";
import { systemClock } from "../../../shared/clock/clock.ts";
import { FakeRuntime } from "../../runtime/fake/fake_runtime.ts";
import { probeRunner } from "./probe.ts";

const run = probeRunner({ runtime: new FakeRuntime(systemClock), clock: systemClock });
const target = (port: number) => ({
  container: { name: "main", ports: [{ name: "web", containerPort: port }] },
  containerId: "none",
  podIp: "127.0.0.1",
});

interface Listener {
  listen(port: number, host: string, then: () => void): unknown;
  address(): unknown;
  close(then: () => void): unknown;
}

async function serving(server: Listener, body: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    await new Promise<void>((resolve) => server.close(resolve));
  }
}

for (const [code, outcome] of [[200, "success"], [302, "success"], [404, "failure"]] as const) {
  Deno.test(`an httpGet probe takes ${code} for ${outcome}`, async () => {
    const server = createHttpServer((request, response) => {
      assert.equal(request.url, "/healthz?full=1");
      assert.equal(request.headers["x-probe"], "yes");
      response.writeHead(code).end("body");
    });
    await serving(server, async (port) => {
      const httpHeaders = [{ name: "X-Probe", value: "yes" }];
      const probe: Probe = { httpGet: { path: "healthz?full=1", port: "web", httpHeaders } };
      const result = await run(probe, target(port));
      assert.equal(result.outcome, outcome);
      if (code === 404) assert.equal(result.message, "HTTP probe failed with statuscode: 404");
    });
  });
}

Deno.test("an httpGet probe fails when nobody answers in time", async () => {
  const server = createHttpServer(() => {});
  await serving(server, async (port) => {
    const probe = { httpGet: { port }, timeoutSeconds: 0.05 };
    const { outcome, message } = await run(probe, target(port));
    assert.equal(outcome, "failure");
    assert.match(message, /context deadline exceeded/);
    server.closeAllConnections();
  });
});

Deno.test("probes of a port where nobody listens fail with Go's words", async () => {
  let free = 0;
  await serving(createHttpServer(), async (port) => void (free = port));
  const refused = `dial tcp 127.0.0.1:${free}: connect: connection refused`;
  const http = await run({ httpGet: { port: free } }, target(free));
  assert.equal(http.message, `Get "http://127.0.0.1:${free}/": ${refused}`);
  assert.equal((await run({ tcpSocket: { port: free } }, target(free))).message, refused);
});

Deno.test("a probe of a port name that the container lacks fails and says so", async () => {
  const { outcome, message } = await run({ tcpSocket: { port: "nope" } }, target(1));
  assert.equal(outcome, "failure");
  assert.match(message, /couldn't find port: "nope"/);
});

const grpcCases = [[1, "success"], [2, "failure"]] as const;
for (const [status, outcome] of grpcCases) {
  Deno.test(`a grpc probe takes health status ${status} for ${outcome}`, async () => {
    let asked: Uint8Array | undefined;
    const server = createHttp2Server();
    server.on("stream", (stream: ServerHttp2Stream) => {
      stream.on("data", (chunk: Uint8Array) => asked = new Uint8Array(chunk));
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, {
        waitForTrailers: true,
      });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.on("end", () => stream.end(new Uint8Array([0, 0, 0, 0, 2, 8, status])));
    });
    await serving(server, async (port) => {
      const result = await run({ grpc: { port, service: "db" } }, target(port));
      assert.equal(result.outcome, outcome, result.message);
      assert.deepEqual(asked, new Uint8Array([0, 0, 0, 0, 4, 0x0a, 2, 0x64, 0x62]));
    });
  });
}

Deno.test("an exec probe of a container that has gone counts neither way", async () => {
  const { outcome } = await run({ exec: { command: ["true"] } }, target(1));
  assert.equal(outcome, "unknown");
});
