import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { Cluster } from "./cluster.ts";

const hour = 3_600_000;

function eventOf(name: string) {
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name },
    involvedObject: { kind: "Pod", namespace: "default", name: "p" },
    reason: "Seen",
    type: "Normal",
  };
}

async function names(cluster: Cluster): Promise<string[]> {
  return (await cluster.all(resources.events, { namespace: "default" }))
    .map(({ metadata }) => metadata.name!);
}

Deno.test("an Event goes an hour after its last change, and its watchers are told", async () => {
  await using cluster = await Cluster.start({ components: false });
  await cluster.create(eventOf("a"), eventOf("b"));
  const { resourceVersion } = await cluster.admin.list(resources.events);
  await cluster.advance(hour / 2);
  await cluster.patch(resources.events, { namespace: "default", name: "b" }, { count: 2 });
  await cluster.advance(hour / 2 - 1000);
  assert.deepEqual(await names(cluster), ["a", "b"]);
  await cluster.advance(61_000);
  assert.deepEqual(await names(cluster), ["b"]);
  await cluster.advance(hour / 2);
  assert.deepEqual(await names(cluster), []);
  const seen: string[] = [];
  const query = { resourceVersion, timeoutSeconds: 1 };
  const watching = (async () => {
    for await (const { type, object } of cluster.admin.watch(resources.events, query)) {
      seen.push(`${type} ${object.metadata.name}`);
    }
  })();
  await cluster.advance(2000);
  await watching;
  assert.deepEqual(seen, ["MODIFIED b", "DELETED a", "DELETED b"]);
});

Deno.test("an Event of before a restart goes an hour after its last change too", async () => {
  await using cluster = await Cluster.start({ components: false });
  await cluster.create(eventOf("old"));
  await cluster.advance(hour - 120_000);
  await cluster.create(eventOf("young"));
  const [, young] = await cluster.all(resources.events, { namespace: "default" });
  assert.equal(young!.metadata.creationTimestamp, timestamp(cluster.clock.now()));
  await cluster.restartServer();
  await cluster.advance(185_000);
  assert.deepEqual(await names(cluster), ["young"]);
  await cluster.advance(hour);
  assert.deepEqual(await names(cluster), []);
});
