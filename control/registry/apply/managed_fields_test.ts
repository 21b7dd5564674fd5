import assert from "node:assert/strict";
import type { KubeObject, OtherVersion } from "../../../shared/api/kind.ts";
import type { ManagedFieldsEntry } from "../../../shared/meta/types.gen.ts";
import { schemaOf } from "../../../shared/schema/schema.ts";
import type { FieldSet } from "./field_set.ts";
import {
  keepTimesOfNoop,
  managedFieldsError,
  managerOf,
  updateManagedFields,
} from "./managed_fields.ts";

const schema = schemaOf("v1", "ConfigMap");
const now = "2026-01-02T03:04:05Z";
const earlier = "2025-01-02T03:04:05Z";

interface Map extends KubeObject {
  data?: Record<string, string>;
}

function map(data: Record<string, string>, entries?: unknown): Map {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "m",
      uid: "u",
      ...(entries !== undefined && { managedFields: entries as ManagedFieldsEntry[] }),
    },
    data,
  };
}

function entry(manager: string, fieldsV1: FieldSet, more: Partial<ManagedFieldsEntry> = {}) {
  return {
    manager,
    operation: "Update",
    apiVersion: "v1",
    time: earlier,
    fieldsType: "FieldsV1",
    fieldsV1,
    ...more,
  };
}

function update(
  old: Map | undefined,
  object: Map,
  more: {
    manager?: string;
    subresource?: string;
    versions?: (v: string) => OtherVersion | undefined;
  } = {},
) {
  return updateManagedFields({
    old,
    object,
    schema,
    manager: "me",
    apiVersion: "v1",
    subresource: "",
    now,
    ...more,
  });
}

const owned = [entry("other", { "f:data": { ".": {}, "f:a": {} } })];

Deno.test("updateManagedFields() moves changed fields to the writer", () => {
  assert.deepEqual(update(map({ a: "1" }, owned), map({ a: "2", b: "1" }, owned)), [
    entry("other", { "f:data": {} }),
    entry("me", { "f:data": { "f:a": {}, "f:b": {} } }, { time: now }),
  ]);
});

Deno.test("updateManagedFields() leaves entries and times of a write without change", () => {
  assert.deepEqual(update(map({ a: "1" }, owned), map({ a: "1" }, owned)), owned);
});

Deno.test("updateManagedFields() only takes away what was removed", () => {
  assert.equal(update(map({ a: "1" }, owned), { ...map({}, owned), data: undefined! }), undefined);
});

Deno.test("updateManagedFields() names no owner for an object that was not tracked", () => {
  assert.equal(update(map({ a: "1" }), map({ a: "2" })), undefined);
});

Deno.test("updateManagedFields() calls a writer without name unknown", () => {
  assert.equal(update(undefined, map({ a: "1" }), { manager: "" })?.[0]?.manager, "unknown");
});

for (
  const { title, given, want } of [
    { title: "keeps stored entries where the request has none", given: undefined, want: owned },
    { title: "keeps stored entries where the request nulls them", given: null, want: owned },
    { title: "forgets all for an empty list", given: [], want: undefined },
    { title: "forgets all for one empty entry", given: [{}], want: undefined },
    {
      title: "keeps stored entries where those of the request are invalid",
      given: [{ manager: "x", operation: "Merge" }],
      want: owned,
    },
    {
      title: "takes entries that the request sets, in canonical form",
      given: [entry("x", { "f:data": { "f:b": {}, "f:a": {}, "?:q": {} } as never })],
      want: [entry("x", { "f:data": { "f:a": {}, "f:b": {} } })],
    },
  ]
) {
  Deno.test(`updateManagedFields() ${title}`, () => {
    const result = update(map({ a: "1" }, owned), map({ a: "1" }, given));
    assert.equal(JSON.stringify(result), JSON.stringify(want));
  });
}

Deno.test("updateManagedFields() does not take entries through a subresource", () => {
  const result = update(map({ a: "1" }, owned), map({ a: "1" }, []), { subresource: "status" });
  assert.deepEqual(result, owned);
});

Deno.test("updateManagedFields() joins the oldest of more than ten updaters", () => {
  const entries = Array.from(
    { length: 11 },
    (_, i) =>
      entry(`m${i}`, { "f:data": { [`f:k${i}`]: {} } }, {
        time: `2025-01-01T00:00:${String(i + 10)}Z`,
      }),
  );
  const data = Object.fromEntries(entries.map((_, i) => [`k${i}`, "1"]));
  const result = update(map(data, entries), map({ ...data, z: "1" }, entries))!;
  assert.deepEqual(result.map((e) => e.manager), [
    "ancient-changes",
    ...["m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "me"],
  ]);
  assert.deepEqual(result[0]?.fieldsV1, { "f:data": { "f:k0": {}, "f:k1": {}, "f:k2": {} } });
  assert.equal(result[0]?.time, entries[2]!.time);
});

Deno.test("updateManagedFields() compares in the version of each owner", () => {
  const entries = [
    entry("old", { "f:data": { "f:x-a": {}, "f:x-b": {} } }, { apiVersion: "v0" }),
    entry("gone", { "f:data": { "f:a": {} } }, { apiVersion: "v00" }),
  ];
  const rename = (object: KubeObject, to: (key: string) => string) => ({
    ...object,
    data: Object.fromEntries(
      Object.entries((object as Map).data ?? {}).map(([key, value]) => [to(key), value]),
    ),
  });
  const v0: OtherVersion = {
    schema,
    convert: (object) => rename(object, (key) => `x-${key}`),
    restore: (object) => rename(object, (key) => key.slice(2)),
  };
  const result = update(map({ a: "1", b: "1" }, entries), map({ a: "2", b: "1" }, entries), {
    versions: (version) => version === "v0" ? v0 : undefined,
  })!;
  assert.deepEqual(result.map((e) => [e.manager, e.fieldsV1]), [
    ["old", { "f:data": { "f:x-b": {} } }],
    ["me", { "f:data": { "f:a": {} } }],
  ]);
});

Deno.test("updateManagedFields() keeps stored entries where items cannot be named", () => {
  const pod = (containers: unknown): KubeObject =>
    ({ ...map({}, owned), kind: "Pod", spec: { containers } }) as never;
  const result = updateManagedFields({
    old: pod([{ name: "c" }]),
    object: pod([null]),
    schema: schemaOf("v1", "Pod"),
    manager: "me",
    apiVersion: "v1",
    subresource: "",
    now,
  });
  assert.equal(result, owned);
});

Deno.test("keepTimesOfNoop() reverts times if nothing else changed", () => {
  const later = owned.map((e) => ({ ...e, time: now }));
  assert.equal(keepTimesOfNoop(map({ a: "1" }, owned), map({ a: "1" }, later)), owned);
  assert.equal(keepTimesOfNoop(map({ a: "1" }, owned), map({ a: "2" }, later)), later);
  const more = later.map((e) => ({ ...e, fieldsV1: {} }));
  assert.equal(keepTimesOfNoop(map({ a: "1" }, owned), map({ a: "1" }, more)), more);
});

for (
  const { entries, want } of [
    { entries: owned, want: undefined },
    { entries: undefined, want: undefined },
    { entries: [{ operation: "x" }], want: "operation must be `Apply` or `Update`" },
    { entries: [{ operation: "Apply" }], want: "apiVersion must not be empty" },
    {
      entries: [{ operation: "Apply", apiVersion: "v1" }],
      want: "missing fieldsType in managed fields entry 0",
    },
    {
      entries: [{ operation: "Apply", apiVersion: "v1", fieldsType: "V2" }],
      want: 'invalid fieldsType "V2" in managed fields entry 0',
    },
  ]
) {
  Deno.test(`managedFieldsError() of ${JSON.stringify(entries)}`, () => {
    assert.equal(managedFieldsError(entries), want);
  });
}

for (
  const [given, agent, want] of [
    ["m", "kubectl/v1", "m"],
    ["", "kubectl/v1.37 (linux)", "kubectl"],
    [undefined, "a\u0001b", "ab"],
    [undefined, "x".repeat(200), "x".repeat(128)],
  ] as const
) {
  Deno.test(`managerOf() ${given} ${agent.slice(0, 20)}`, () => {
    assert.equal(managerOf(given, agent), want);
  });
}
