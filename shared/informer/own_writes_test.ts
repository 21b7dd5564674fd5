import assert from "node:assert/strict";
import type { ConfigMap } from "../api/core/v1/types.gen.ts";
import type { Informer } from "./informer.ts";
import { isNewer, OwnWrites } from "./own_writes.ts";

function configMap(name: string, resourceVersion: string, uid = `u-${name}`): ConfigMap {
  return { kind: "ConfigMap", apiVersion: "v1", metadata: { name, uid, resourceVersion } };
}

function setup(version: string, ...objects: ConfigMap[]) {
  const state = { version, objects: new Map(objects.map((o) => [o.metadata.name!, o])) };
  const informer = {
    get: (key: string) => state.objects.get(key),
    get version() {
      return state.version;
    },
  } as unknown as Informer<ConfigMap>;
  return { state, writes: new OwnWrites(informer) };
}

const names = (objects: readonly ConfigMap[]) =>
  objects.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
const all = () => true;

Deno.test("OwnWrites shows what was written until the informer has passed it", () => {
  const { state, writes } = setup("9", configMap("a", "5"));
  writes.wrote(configMap("a", "10"));
  writes.wrote(configMap("b", "11"));
  assert.deepEqual(names(writes.overlay([...state.objects.values()], all)), ["a@10", "b@11"]);
  state.version = "11";
  state.objects.clear();
  assert.deepEqual(names(writes.overlay([], all)), [], "deleted by another meanwhile");
});

Deno.test("OwnWrites leaves out what a write took away", () => {
  const { state, writes } = setup("9", configMap("a", "5"));
  writes.wrote(configMap("a", "10"));
  assert.deepEqual(writes.overlay([...state.objects.values()], () => false), []);
});

Deno.test("OwnWrites ignores an answer that comes after the informer's event", () => {
  const { writes } = setup("12");
  writes.wrote(configMap("a", "10"));
  assert.deepEqual(writes.overlay([], all), []);
});

Deno.test("OwnWrites knows what it deleted until the informer shows it", () => {
  const a = configMap("a", "5");
  const { state, writes } = setup("9", a);
  writes.deleted(a);
  writes.overlay([], all);
  assert(writes.isGoing(a));
  state.objects.delete("a");
  writes.overlay([], all);
  assert(!writes.isGoing(a));
  const marked = { ...a, metadata: { ...a.metadata, deletionTimestamp: "x" } };
  assert(writes.isGoing(marked));
});

Deno.test("isNewer() compares as numbers", () => {
  assert.deepEqual([isNewer("10", "9"), isNewer("9", "10"), isNewer("9", "9")], [
    true,
    false,
    false,
  ]);
});
