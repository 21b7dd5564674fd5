import assert from "node:assert/strict";
import { discoverResources } from "./discovery.ts";
import { FakeTransport } from "./testing/fake_transport.ts";

const resource = (resource: string, kind: string, scope = "Namespaced") => ({
  resource,
  responseKind: { group: "", version: "", kind },
  scope,
  verbs: ["list"],
});

Deno.test("discoverResources() takes each resource in its preferred version", async () => {
  const transport = new FakeTransport(({ path }) => ({
    body: path === "/api"
      ? {
        items: [{
          metadata: {},
          versions: [{ version: "v1", resources: [resource("nodes", "Node", "Cluster")] }],
        }],
      }
      : {
        items: [{
          metadata: { name: "example.com" },
          versions: [
            { version: "v2", resources: [resource("as", "A")] },
            { version: "v1", resources: [resource("as", "A"), resource("bs", "B")] },
          ],
        }],
      },
  }));
  const found = await discoverResources(transport, { userAgent: "t" });
  assert.deepEqual(
    found.map((r) => `${r.group}/${r.version} ${r.plural} ${r.kind} ${r.namespaced} ${r.verbs}`),
    [
      "/v1 nodes Node false list",
      "example.com/v2 as A true list",
      "example.com/v1 bs B true list",
    ],
  );
});

Deno.test("discoverResources() throws rather than answer a part", async () => {
  const stale = new FakeTransport(() => ({
    body: {
      items: [{ metadata: { name: "x" }, versions: [{ version: "v1", freshness: "Stale" }] }],
    },
  }));
  await assert.rejects(discoverResources(stale, { userAgent: "t" }), /unreachable/);
  const down = new FakeTransport(() => ({ status: 503 }));
  await assert.rejects(discoverResources(down, { userAgent: "t" }), /503/);
});
