import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { AgentConnections } from "../../control/agents/agent_connections.ts";
import type { AdmissionReader } from "../../control/admission/plugin.ts";
import { clusterNetwork } from "../../control/network/cluster_network.ts";
import { WebhookClient } from "../../control/webhook/webhook_client.ts";
import { WebhookError } from "../../control/webhook/webhook_error.ts";
import {
  answerJson,
  jsonBody,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from "../../control/webhook/testing/https_server.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { seededRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";

const now = systemClock.now();
const echo: RequestListener = async (request, response) => {
  const { url, headers: { host } } = request;
  answerJson(response, { url, host, body: await jsonBody(request) });
};

interface Lab extends AsyncDisposable {
  readonly server: TestServer;
  readonly client: WebhookClient;
}

async function lab(
  answer: RequestListener,
  options: Partial<TestServerOptions> = {},
): Promise<Lab> {
  const server = await startTestServer(answer, { now, ...options });
  const client = newClient(server.port);
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A cluster in which Service `hook` leads to `port` of loopback and Service `empty` to nothing. */
function newClient(port: number): WebhookClient {
  const service = (name: string) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "ns" },
    spec: { ports: [{ port: 443, name: "https" }] },
  });
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "hook-1", labels: { "kubernetes.io/service-name": "hook" } },
    addressType: "IPv4",
    ports: [{ name: "https", port }],
    endpoints: [
      { addresses: ["192.0.2.1"], conditions: { ready: false } },
      { addresses: ["127.0.0.1"], conditions: { ready: true }, nodeName: "elsewhere" },
    ],
  };
  const reader = {
    get: (_group: string, plural: string, _namespace: string, name: string) =>
      plural === "services" && name !== "absent" ? service(name) : undefined,
    list: (_group: string, plural: string) => plural === "endpointslices" ? [slice] : [],
  } as unknown as AdmissionReader;
  return new WebhookClient({
    network: clusterNetwork({
      agents: new AgentConnections({ clock: systemClock, log: silentLog }),
      clock: systemClock,
      mayDial: ({ host }) => host === "127.0.0.1" || host === "localhost",
    }),
    reader,
    clock: systemClock,
    random: seededRandom(1),
  });
}

async function failureOf(call: Promise<unknown>): Promise<WebhookError> {
  const error = await call.then(
    () => assert.fail("the call went through"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof WebhookError, String(error));
  return error;
}

const review: KubeObject = { apiVersion: "v1", kind: "Question", metadata: {} };

Deno.test("WebhookClient asks a URL, and once more through the same connection", async () => {
  await using it = await lab(echo);
  const { client, server: { port, caBundle, connections } } = it;
  const target = { url: `https://127.0.0.1:${port}/validate/`, caBundle };
  assert.deepEqual(await client.post(target, review, { timeoutMs: 9_500 }), {
    url: "/validate?timeout=10s",
    host: `127.0.0.1:${port}`,
    body: review,
  });
  await client.post(target, review);
  assert.equal(connections(), 1);
});

Deno.test("WebhookClient asks a ready endpoint of a Service by the Service's name", async () => {
  await using it = await lab(echo, { dnsNames: ["hook.ns.svc"], addresses: [] });
  const { client, server: { caBundle } } = it;
  const service = { namespace: "ns", name: "hook", path: "/a" };
  assert.deepEqual(await client.post({ service, caBundle }, review), {
    url: "/a",
    host: "hook.ns.svc:443",
    body: review,
  });
});

Deno.test("WebhookClient tries again when a kept connection turns out to be closed", async () => {
  await using it = await lab(echo);
  const { client, server } = it;
  const target = { url: `https://127.0.0.1:${server.port}`, caBundle: server.caBundle };
  for (let i = 0; i < 5; i++) {
    await client.post(target, review);
    server.cut();
  }
});

Deno.test("WebhookClient keeps no connection that the server has ended", async () => {
  await using it = await lab(echo);
  const { client, server } = it;
  const target = { url: `https://127.0.0.1:${server.port}`, caBundle: server.caBundle };
  await client.post(target, review);
  server.finish();
  while (server.open() > 0) await new Promise((resolve) => systemClock.after(1, () => resolve(0)));
  await client.post(target, review, { timeoutMs: 1000 });
  assert.equal(server.connections(), 2);
});

Deno.test("WebhookClient asks again when the server says so, as late as it says", async () => {
  let asked = 0;
  await using it = await lab((_request, response) => {
    response.setHeader("retry-after", "0");
    answerJson(response, { asked: ++asked }, asked < 3 ? 503 : 200);
  });
  const { client, server: { port, caBundle } } = it;
  const answer = await client.post({ url: `https://127.0.0.1:${port}`, caBundle }, review);
  assert.deepEqual(answer, { asked: 3 });
});

interface Failure {
  readonly title: string;
  readonly answer?: RequestListener;
  readonly options?: Partial<TestServerOptions>;
  readonly service?: string;
  readonly port?: number;
  readonly noCa?: boolean;
  readonly want: (port: number) => string;
  readonly status?: number;
}

const failures: readonly Failure[] = [
  {
    title: "a certificate for somebody else",
    service: "hook",
    options: { dnsNames: ["a.ns.svc", "b.ns.svc"], addresses: [] },
    want: () =>
      'Post "https://hook.ns.svc:443/?timeout=5s": tls: failed to verify certificate: ' +
      "x509: certificate is valid for a.ns.svc, b.ns.svc, not hook.ns.svc",
  },
  {
    title: "a certificate without names",
    service: "hook",
    options: { addresses: [] },
    want: () =>
      'Post "https://hook.ns.svc:443/?timeout=5s": tls: failed to verify certificate: ' +
      "x509: certificate relies on legacy Common Name field, use SANs instead",
  },
  {
    title: "an unknown authority",
    noCa: true,
    want: (port) =>
      `Post "https://127.0.0.1:${port}/?timeout=5s": tls: failed to verify certificate: ` +
      "x509: certificate signed by unknown authority",
  },
  {
    title: "a port where nobody listens",
    port: 1,
    want: () =>
      'Post "https://127.0.0.1:1/?timeout=5s": dial tcp 127.0.0.1:1: connect: connection refused',
  },
  {
    title: "a Service that is not there",
    service: "absent",
    want: () => 'Post "https://absent.ns.svc:443/?timeout=5s": service "absent" not found',
  },
  {
    title: "a server error",
    answer: (_request, response) => {
      response.writeHead(500, { "content-type": "text/plain" });
      response.end("out of\norder\n");
    },
    want: () =>
      'an error on the server ("out of\\norder") has prevented the request from succeeding',
    status: 500,
  },
  {
    title: "a path that is not there",
    answer: (_request, response) => {
      response.writeHead(404);
      response.end();
    },
    want: () => "the server could not find the requested resource",
    status: 404,
  },
  {
    title: "a Status",
    answer: (_request, response) =>
      answerJson(response, { kind: "Status", status: "Failure", message: "no", code: 409 }, 409),
    want: () => "no",
    status: 409,
  },
  {
    title: "an answer that is no JSON",
    answer: (_request, response) => void response.end("hello"),
    want: () =>
      "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of " +
      'type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; ' +
      'Kind string "json:\\"kind,omitempty\\"" }',
  },
  {
    title: "no answer",
    answer: (_request, response) => void response.end(),
    want: () => "0-length response with status code: 200 and content type: application/json",
  },
  {
    title: "a connection that ends before the answer",
    answer: (request) => void request.socket.destroy(),
    want: (port) => `Post "https://127.0.0.1:${port}/?timeout=5s": EOF`,
  },
];

for (const { title, answer = echo, options, service, port, noCa, want, status } of failures) {
  Deno.test(`WebhookClient says what is wrong with ${title}`, async () => {
    await using it = await lab(answer, options);
    const { client, server } = it;
    const caBundle = noCa ? undefined : server.caBundle;
    const target = service
      ? { service: { namespace: "ns", name: service }, caBundle }
      : { url: `https://127.0.0.1:${port ?? server.port}`, caBundle };
    const error = await failureOf(client.post(target, review, { timeoutMs: 5_000 }));
    assert.equal(error.message, want(server.port));
    assert.equal(error.status?.code, status);
  });
}

Deno.test("WebhookClient gives up when the time is over or the caller is gone", async () => {
  await using it = await lab(() => {});
  const { client, server: { port, caBundle } } = it;
  const target = { url: `https://127.0.0.1:${port}`, caBundle };
  const late = await failureOf(client.post(target, review, { timeoutMs: 50 }));
  assert.equal(
    late.message,
    `Post "https://127.0.0.1:${port}/?timeout=1s": context deadline exceeded`,
  );
  const gone = new AbortController();
  const call = failureOf(client.post(target, review, { signal: gone.signal }));
  gone.abort();
  assert.equal((await call).message, `Post "https://127.0.0.1:${port}/": context canceled`);
});

Deno.test("WebhookClient reads no more of an answer than its limit", async () => {
  await using it = await lab((_request, response) => answerJson(response, "x".repeat(1000)));
  const { client, server: { port, caBundle } } = it;
  const target = { url: `https://127.0.0.1:${port}`, caBundle };
  const error = await failureOf(client.post(target, review, { maxAnswerBytes: 100 }));
  assert.equal(error.message, "the answer is too large");
});
