import assert from "node:assert/strict";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { createAuthority, issueLeaf } from "../../control/certificates/authority.ts";
import type { Network } from "../../control/network/network.ts";
import {
  answerJson,
  startTestServer,
  type TestServer,
} from "../../control/webhook/testing/https_server.ts";
import type { APIService } from "../../shared/api/apiregistration/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { dialTcp } from "../../shared/stream/dial_tcp.ts";
import { Cluster, type Written } from "./cluster.ts";

const group = "demo.example.com";
const base = `/apis/${group}/v1`;
const now = systemClock.now();

/** What the extension server was asked, as it came. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly peer: string;
}

interface Lab extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly server: TestServer;
  readonly asked: Asked[];
  /** Answers of the extension server by path, before its standard ones. */
  readonly answers: Map<string, (request: IncomingMessage, response: ServerResponse) => void>;
  condition(): Promise<readonly (string | undefined)[]>;
}

const things = {
  name: "things",
  singularName: "thing",
  namespaced: true,
  kind: "Thing",
  verbs: ["get", "list"],
};

async function lab(): Promise<Lab> {
  const authority = await createAuthority("front-proxy", { now });
  const proxyCertificate = await issueLeaf(authority, {
    commonName: "front-proxy-client",
    usages: ["client auth"],
    lifetimeMs: 3600_000,
    now,
  });
  const asked: Asked[] = [];
  const answers: Lab["answers"] = new Map();
  const listener: RequestListener = (request, response) => {
    const { method = "", url = "", headers } = request;
    const socket = request.socket as TLSSocket;
    const peer = socket.authorized ? String(socket.getPeerCertificate().subject?.CN) : "nobody";
    asked.push({ method, url, headers, peer });
    const answer = answers.get(url);
    if (answer) return answer(request, response);
    if (url === base) return answerJson(response, { kind: "APIResourceList", resources: [things] });
    if (url === "/apis") return answerJson(response, { kind: "Status" }, 404);
    answerJson(response, { url });
  };
  const server = await startTestServer(listener, {
    now,
    dnsNames: ["ext.default.svc"],
    clientCa: authority.certificate,
  });
  const network: Network = {
    dial: ({ port }) => dialTcp({ host: "127.0.0.1", port }, { clock: systemClock }),
  };
  const cluster = await Cluster.start({ components: false, network, proxyCertificate });
  return {
    cluster,
    server,
    asked,
    answers,
    async condition() {
      const ref = { name: `v1.${group}` };
      const service = await cluster.admin.get<APIService>(resources.apiservices, ref);
      const [{ status, reason, message } = {} as Record<string, undefined>] =
        service.status?.conditions ?? [];
      return [status, reason, message];
    },
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const apiService = (caBundle: string): Written => ({
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name: `v1.${group}` },
  spec: {
    group,
    version: "v1",
    service: { namespace: "default", name: "ext" },
    caBundle,
    groupPriorityMinimum: 2000,
    versionPriority: 15,
  },
});
const service: Written = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "ext" },
  spec: { ports: [{ port: 443, targetPort: 8443 }] },
};
const slice = (port: number, ready = true): Written => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "ext-1", labels: { "kubernetes.io/service-name": "ext" } },
  addressType: "IPv4",
  ports: [{ name: "", port }],
  endpoints: [{ addresses: ["192.0.2.9"], conditions: { ready } }],
});
const ann = { name: "ann", groups: ["system:masters", "g"] };

/** Waits for what happens on real connections, which the cluster's own time says nothing about. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = systemClock.monotonic() + 10_000; !await holds();) {
    assert.ok(systemClock.monotonic() < end, `within 10 s: ${what}`);
    await new Promise((resolve) => systemClock.after(5, () => resolve(undefined)));
  }
}

async function available(it: Lab): Promise<void> {
  await it.cluster.create(service, slice(it.server.port), apiService(it.server.caBundle));
  await until(
    "the extension server is available",
    async () => (await it.condition())[0] === "True",
  );
}

Deno.test("an APIService's condition follows its Service, its endpoints and its server", async () => {
  await using it = await lab();
  const { cluster, server, condition } = it;
  const becomes = async (...want: readonly string[]) => {
    const same = async () => JSON.stringify(await condition()) === JSON.stringify(want);
    await until(`${want.join(", ")}; it is ${(await condition()).join(", ")}`, same);
  };
  await cluster.create(apiService(server.caBundle));
  await becomes("False", "ServiceNotFound", 'service/ext in "default" is not present');
  const down = await cluster.request(`${base}/things`, { user: ann });
  assert.deepEqual([down.status, await down.text()], [503, "service unavailable\n"]);
  await cluster.create(service);
  await becomes(
    "False",
    "EndpointsNotFound",
    'cannot find endpointslices for service/ext in "default"',
  );
  await cluster.create(slice(server.port, false));
  await becomes(
    "False",
    "MissingEndpoints",
    'endpointslices for service/ext in "default" have no addresses with port name ""',
  );
  const ref = { namespace: "default", name: "ext-1" };
  await cluster.patch(resources.endpointslices, ref, {
    endpoints: [{ addresses: ["192.0.2.9"], conditions: { ready: true } }],
  });
  await becomes("True", "Passed", "all checks passed");
  it.answers.set(base, (_request, response) => answerJson(response, {}, 500));
  await cluster.advance(30_000);
  const url = `https://ext.default.svc${base}`;
  await becomes(
    "False",
    "FailedDiscoveryCheck",
    `failing or missing response from ${url}: bad status from ${url}: 500`,
  );
});

Deno.test("requests for a remote group reach its server as the user that asks, and only so", async () => {
  await using it = await lab();
  await available(it);
  const { cluster, asked, answers } = it;
  answers.set(`${base}/namespaces/default/things?limit=5`, (_request, response) => {
    response.writeHead(201, { "x-from": "extension", "content-type": "text/plain" });
    response.end("made");
  });
  const response = await cluster.request(`${base}/namespaces/default/things?limit=5`, {
    method: "POST",
    body: "{}",
    headers: {
      "content-type": "application/json",
      "x-remote-user": "root",
      "x-remote-group": "system:masters",
      "x-remote-extra-scopes": "all",
      "authorization": "Bearer secret",
    },
    user: { ...ann, name: "Ænn", extra: { "example.com/k%": ["v", "w"] } } as typeof ann,
  });
  assert.deepEqual([response.status, await response.text()], [201, "made"]);
  assert.equal(response.headers.get("x-from"), "extension");
  const { headers, peer } = asked.find(({ method }) => method === "POST")!;
  assert.equal(peer, "front-proxy-client");
  assert.equal(
    new TextDecoder().decode(
      Uint8Array.from(headers["x-remote-user"] as string, (char) => char.charCodeAt(0)),
    ),
    "Ænn",
  );
  assert.equal(headers["x-remote-group"], "system:masters, g");
  assert.equal(headers["x-remote-extra-example.com%2fk%25"], "v, w");
  assert.equal(headers["x-remote-extra-scopes"], undefined);
  assert.equal(headers.authorization, undefined);
});

Deno.test("discovery lists a remote group with what its server has, in both forms", async () => {
  await using it = await lab();
  await available(it);
  const { cluster } = it;
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const find = async () => {
    const response = await cluster.request("/apis", { user: ann, headers: { accept } });
    const { items } = await response.json() as {
      readonly items: readonly {
        readonly metadata: object;
        readonly versions: readonly object[];
      }[];
    };
    return items.find(({ metadata }) => "name" in metadata && metadata.name === group);
  };
  await until(
    "its resources are known",
    async () => JSON.stringify(await find()).includes("Current"),
  );
  assert.deepEqual(await find(), {
    metadata: { name: group },
    versions: [{
      version: "v1",
      resources: [{
        resource: "things",
        responseKind: { group: "", version: "", kind: "Thing" },
        scope: "Namespaced",
        singularResource: "thing",
        verbs: ["get", "list"],
      }],
      freshness: "Current",
    }],
  });
  const one = await cluster.request(`/apis/${group}`, { user: ann });
  assert.deepEqual(await one.json(), {
    kind: "APIGroup",
    apiVersion: "v1",
    name: group,
    versions: [{ groupVersion: `${group}/v1`, version: "v1" }],
    preferredVersion: { groupVersion: `${group}/v1`, version: "v1" },
  });
});

Deno.test("a connection to a remote group that changes its protocol is the server's from then on", async () => {
  await using it = await lab();
  await available(it);
  const { cluster, answers } = it;
  const path = `${base}/namespaces/default/things/a/exec`;
  answers.set(path, (request, _response) => {
    const socket = request.socket as Socket;
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n",
    );
    socket.on("data", (chunk) => socket.write(chunk));
  });
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", () => resolve()));
  const { port } = listener.address() as { readonly port: number };
  const arriving = new Promise<Socket>((resolve) => listener.once("connection", resolve));
  const client = connect(port, "127.0.0.1");
  const socket = await arriving;
  let heard = "";
  client.on("data", (chunk) => heard += new TextDecoder().decode(chunk as Uint8Array));
  await cluster.server.app.fetch(new Request(`https://cluster${path}`), {
    user: ann,
    upgrade: {
      protocol: "echo",
      take: () => ({ request: undefined as never, socket, head: new Uint8Array() }),
    },
  });
  client.write("hello");
  await until("the echo comes back", () => Promise.resolve(heard.endsWith("\r\n\r\nhello")));
  assert.match(heard, /^HTTP\/1\.1 101 /);
  client.destroy();
  await new Promise<void>((resolve) => listener.close(() => resolve()));
});

Deno.test("the groups of custom resources are registered as local, and no more when they are gone", async () => {
  await using cluster = await Cluster.start({ components: false });
  const definition: Written = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object" } },
      }],
    },
  };
  await cluster.create(definition);
  const all = async () =>
    (await cluster.all<APIService>(resources.apiservices)).filter(({ metadata }) =>
      metadata.name === "v1.example.com"
    );
  await cluster.until("it is registered", async () => (await all()).length === 1);
  const [{ spec, status, metadata }] = await all() as [APIService];
  assert.deepEqual(metadata.labels, { "kube-aggregator.kubernetes.io/automanaged": "true" });
  assert.equal(status?.conditions?.[0]?.reason, "Local");
  assert.deepEqual(spec, {
    group: "example.com",
    version: "v1",
    groupPriorityMinimum: 1000,
    versionPriority: 100,
  });
  await cluster.admin.delete(resources.apiservices, { name: "v1.example.com" });
  await cluster.until("it is registered again", async () => (await all()).length === 1);
  await cluster.admin.delete(resources.customresourcedefinitions, { name: "widgets.example.com" });
  await cluster.until("it is gone", async () => (await all()).length === 0);
});
