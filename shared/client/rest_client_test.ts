import assert from "node:assert/strict";
import type { Pod } from "../api/core/v1/types.gen.ts";
import { StatusError } from "../meta/status_error.ts";
import { resources } from "./resources.gen.ts";
import { restClient } from "./rest_client.ts";
import { FakeTransport } from "./testing/fake_transport.ts";

const pod = {
  kind: "Pod",
  apiVersion: "v1",
  metadata: { namespace: "shop", name: "web" },
  spec: { containers: [] },
} as Pod;
const options = { userAgent: "test/1", pageSize: 2 };

Deno.test("restClient() sends each verb as the API wants it", async () => {
  const transport = new FakeTransport(() => ({ body: pod }));
  const client = restClient(transport, options);
  await client.create(resources.pods, pod, { fieldManager: "me", dryRun: true });
  await client.update(resources.pods, pod, { subresource: "status" });
  await client.patch(resources.pods, pod.metadata as { name: string }, { a: 1 }, {
    type: "apply",
    force: true,
    fieldManager: "x",
  });
  await client.delete(resources.pods, { namespace: "shop", name: "web" }, {
    gracePeriodSeconds: 0,
  });
  await client.post(resources.pods, { namespace: "shop", name: "web" }, "eviction", { z: 1 });
  await client.get(resources.nodes, { name: "a/b" });
  assert.deepEqual(
    transport.requests.map((r) => `${r.method} ${r.path} ${r.contentType ?? "-"} ${r.userAgent}`),
    [
      "POST /api/v1/namespaces/shop/pods?dryRun=All&fieldManager=me application/json test/1",
      "PUT /api/v1/namespaces/shop/pods/web/status application/json test/1",
      "PATCH /api/v1/namespaces/shop/pods/web?fieldManager=x&force=true application/apply-patch+yaml test/1",
      "DELETE /api/v1/namespaces/shop/pods/web application/json test/1",
      "POST /api/v1/namespaces/shop/pods/web/eviction application/json test/1",
      "GET /api/v1/nodes/a%2Fb - test/1",
    ],
  );
  assert.deepEqual(JSON.parse(transport.requests[3]!.body!), {
    kind: "DeleteOptions",
    apiVersion: "v1",
    gracePeriodSeconds: 0,
  });
});

Deno.test("restClient() rejects with the refusal that the server sent", async () => {
  const status = { kind: "Status", reason: "NotFound", message: 'pods "web" not found', code: 404 };
  const client = restClient(new FakeTransport(() => ({ status: 404, body: status })), options);
  const error = await client.get(resources.pods, { namespace: "shop", name: "web" }).catch((e) =>
    e
  );
  assert(error instanceof StatusError);
  assert.deepEqual([error.reason, error.code, error.message], [
    "NotFound",
    404,
    'pods "web" not found',
  ]);
  assert.equal(await client.find(resources.pods, { namespace: "shop", name: "web" }), undefined);
});

Deno.test("restClient() keeps what a proxy said that is not a Status", async () => {
  const client = restClient(
    new FakeTransport(() => ({ status: 502, body: "bad gateway" })),
    options,
  );
  await assert.rejects(client.list(resources.pods), { message: "bad gateway", code: 502 });
});

Deno.test("restClient() lists page by page and fills in what items leave out", async () => {
  const pages: Record<string, unknown> = {
    "": {
      metadata: { resourceVersion: "9", continue: "t1" },
      items: [{ metadata: { name: "a" } }],
    },
    t1: { metadata: { resourceVersion: "9" }, items: [{ metadata: { name: "b" } }] },
  };
  const transport = new FakeTransport(({ path }) => ({
    body: pages[new URLSearchParams(path.split("?")[1]).get("continue") ?? ""],
  }));
  const list = await restClient(transport, options).list(resources.pods, { namespace: "shop" });
  assert.deepEqual(list, {
    resourceVersion: "9",
    items: [
      { metadata: { name: "a" }, kind: "Pod", apiVersion: "v1" },
      { metadata: { name: "b" }, kind: "Pod", apiVersion: "v1" },
    ] as unknown as Pod[],
  });
});

Deno.test("restClient() lists undivided when the pages' revision is gone", async () => {
  const transport = new FakeTransport(({ path }) => {
    const search = new URLSearchParams(path.split("?")[1]);
    if (search.has("continue")) return { status: 410, body: { reason: "Expired", code: 410 } };
    return {
      body: {
        metadata: { resourceVersion: "7", ...(search.has("limit") && { continue: "t" }) },
        items: search.has("limit") ? [{ metadata: { name: "old" } }] : [],
      },
    };
  });
  const list = await restClient(transport, options).list(resources.pods);
  assert.deepEqual(list, { resourceVersion: "7", items: [] });
});

Deno.test("restClient() watch() puts events together from any division into chunks", async () => {
  const lines = `{"type":"ADDED","object":{"metadata":{"name":"ä"}}}\n` +
    `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5"}}}\n`;
  const bytes = new TextEncoder().encode(lines);
  for (let size = 1; size <= bytes.length; size += 7) {
    const stream = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    const client = restClient(new FakeTransport(() => ({ stream: stream() })), options);
    const seen: string[] = [];
    for await (const { type, object } of client.watch(resources.pods, { resourceVersion: "1" })) {
      seen.push(`${type} ${object.metadata.name ?? object.metadata.resourceVersion}`);
    }
    assert.deepEqual(seen, ["ADDED ä", "BOOKMARK 5"]);
  }
});

Deno.test("restClient() watch() throws an ERROR event and a cut", async () => {
  const run = async (body: string) => {
    const client = restClient(new FakeTransport(() => ({ body })), options);
    for await (const _ of client.watch(resources.pods, {}));
  };
  await assert.rejects(
    run(`{"type":"ERROR","object":{"code":410,"reason":"Expired","message":"too old"}}\n`),
    { name: "StatusError", code: 410, message: "too old" },
  );
  await assert.rejects(run(`{"type":"ADDED","obj`), { name: "SyntaxError" });
});

Deno.test("restClient() reads metadata alone when asked to", async () => {
  const transport = new FakeTransport(({ path }) => ({
    body: path.includes("watch") ? "" : { metadata: {}, items: [] },
  }));
  const client = restClient(transport, { ...options, metadataOnly: true });
  await client.list(resources.pods);
  await client.get(resources.pods, { namespace: "a", name: "b" });
  for await (const _ of client.watch(resources.pods, {}));
  assert.deepEqual(
    transport.requests.map(({ accept }) => /as=(\w+)/.exec(accept!)?.[1]),
    ["PartialObjectMetadataList", "PartialObjectMetadata", "PartialObjectMetadata"],
  );
});
