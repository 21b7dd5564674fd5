import assert from "node:assert/strict";
import { mergeRemote } from "./merge_remote.ts";

const reference = (name: string) => ({ $ref: `#/definitions/${name}` });
const kinds = (...names: readonly string[]) => ({
  "x-kubernetes-group-version-kind": names.map((kind) => ({ kind })),
});
const base = {
  paths: { "/api/": {} },
  definitions: {
    Same: { type: "object", ...kinds("A") },
    Differs: { type: "object" },
    Untouched: {},
  },
};
const remote = (v2: unknown) => ({ group: "g", version: "v1", v2, v3: undefined });

Deno.test("mergeRemote() takes the paths of the group, and what they refer to", () => {
  const merged = mergeRemote(base, [remote({
    paths: {
      "/apis/g/v1/things": { get: reference("Thing") },
      "/apis/g/v2/things": { get: reference("Other") },
      "/apis/": {},
      "/api/": { get: {} },
    },
    definitions: {
      Thing: { properties: { same: reference("Same") } },
      Other: {},
      Same: base.definitions.Same,
    },
  })]);
  assert.deepEqual(merged, {
    paths: { ...base.paths, "/apis/g/v1/things": { get: reference("Thing") } },
    definitions: { ...base.definitions, Thing: { properties: { same: reference("Same") } } },
  });
});

Deno.test("mergeRemote() renames a type that differs, and joins the kinds of one that does not", () => {
  const merged = mergeRemote(base, [remote({
    paths: { "/apis/g/v1/things": { get: reference("Thing") } },
    definitions: {
      Thing: { properties: { a: reference("Same"), b: reference("Differs") } },
      Same: { type: "object", description: "in other words", ...kinds("B") },
      Differs: { type: "string", of: reference("Differs") },
    },
  })]);
  assert.deepEqual(merged.definitions, {
    ...base.definitions,
    Same: { type: "object", ...kinds("A", "B") },
    Thing: { properties: { a: reference("Same"), b: reference("Differs_v2") } },
    Differs_v2: { type: "string", of: reference("Differs_v2") },
  });
});

Deno.test("mergeRemote() leaves out what is no document", () => {
  for (const v2 of [undefined, null, 5, {}, { paths: {} }]) {
    assert.equal(mergeRemote(base, [remote(v2)]), base);
  }
});
