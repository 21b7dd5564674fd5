import assert from "node:assert/strict";
import type { KubeObject } from "../../shared/api/kind.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import type { CacheEvent } from "../storage/cacher/cache.ts";
import type { Revision } from "../storage/storage.ts";
import { Feed } from "./authorization_feed.ts";

function event(type: CacheEvent["type"], name: string): CacheEvent {
  const object = { kind: "Pod", apiVersion: "v1", metadata: { name } };
  const value = new TextEncoder().encode(JSON.stringify(object));
  const revision = 2 as Revision;
  const attributes = { labels: {}, fields: {} };
  const entry = { key: name, value, revision, namespace: "", name, attributes };
  return { type, entry, revision, encoded: (_format, make) => make(event(type, name)) };
}

function recorder() {
  const told: string[] = [];
  const change = (object: KubeObject | undefined, previous?: KubeObject) =>
    void told.push(object ? object.metadata.name! : `-${previous!.metadata.name}`);
  return { told, change };
}

Deno.test("Feed tells what there is at first few at a time, and what happens meanwhile after it", async () => {
  const clock = new FakeClock();
  const consumer = recorder();
  const feed = new Feed(consumer);
  const names = Array.from({ length: 1000 }, (_, i) => `p${i}`);
  feed.events(names.map((name) => event("ADDED", name)));
  assert.equal(consumer.told.length, 0);
  const loaded = feed.load(clock);
  const first = consumer.told.length;
  assert.ok(first > 0 && first < 1000);
  feed.events([event("DELETED", "p999")]);
  assert.equal(consumer.told.length, first);
  await clock.advance(1);
  await loaded;
  assert.deepEqual(consumer.told, [...names, "-p999"]);
});

Deno.test("Feed tells every later change at once", async () => {
  const consumer = recorder();
  const feed = new Feed(consumer);
  feed.events([event("ADDED", "a")]);
  await feed.load(new FakeClock());
  feed.events(Array.from({ length: 500 }, (_, i) => event("MODIFIED", `b${i}`)));
  assert.equal(consumer.told.length, 501);
});
