import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { Cluster } from "./cluster.ts";
import { podOf } from "./objects.ts";

const namespace = "default";
const user = { name: "admin", groups: ["system:masters", "system:authenticated"] };

interface TableEvent {
  readonly type: string;
  readonly object: { readonly columnDefinitions: unknown };
}

Deno.test("watchers learn that a pod is being deleted before it is gone", async () => {
  await using cluster = await Cluster.start();
  await cluster.create(podOf("a", { spec: { nodeSelector: { none: "such" } } }));
  await cluster.settle();
  const end = new AbortController();
  const { resourceVersion } = await cluster.admin.list(resources.pods, { namespace });
  const query = { namespace, resourceVersion, signal: end.signal };
  const events: string[] = [];
  const watching = (async () => {
    for await (const { type, object } of cluster.admin.watch(resources.pods, query)) {
      if (type === "BOOKMARK") continue;
      const { generation, deletionGracePeriodSeconds: grace } = object.metadata;
      events.push(`${type} ${generation} ${grace}`);
    }
  })().catch(() => {});
  await cluster.admin.delete(resources.pods, { namespace, name: "a" });
  await cluster.settle();
  end.abort(new Error("enough"));
  await watching;
  assert.deepEqual(events, ["MODIFIED 2 0", "DELETED 2 0"]);
});

Deno.test("the first event of a watched table has the columns, whatever waits behind it", async () => {
  await using cluster = await Cluster.start({ components: false });
  const data = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
  await cluster.create(data("a"), data("b"));
  const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&" +
    "allowWatchBookmarks=true&timeoutSeconds=1";
  const response = await cluster.request(
    `/api/v1/namespaces/${namespace}/configmaps?${query}`,
    { user, headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } },
  );
  await cluster.advance(1000);
  const events = (await response.text()).trim().split("\n").map((line) =>
    JSON.parse(line) as TableEvent
  );
  assert.deepEqual(events.map(({ type }) => type), ["ADDED", "ADDED", "BOOKMARK"]);
  assert.deepEqual(events.map(({ object }) => object.columnDefinitions !== null), [
    true,
    false,
    false,
  ]);
});
