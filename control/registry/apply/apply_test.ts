import assert from "node:assert/strict";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { schemaOf } from "../../../shared/schema/schema.ts";
import { applyObject } from "./apply.ts";
import { lastAppliedAnnotation } from "./last_applied.ts";
import { parentEntries, scaleEntries, type ScaleOwnership } from "./scale_managed_fields.ts";

const schema = schemaOf("v1", "ConfigMap");
const now = "2026-01-02T03:04:05Z";

interface Map extends KubeObject {
  data?: Record<string, string | null>;
}

function map(data: Record<string, string>, metadata: Partial<KubeObject["metadata"]> = {}): Map {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", ...metadata }, data };
}

function apply(
  live: KubeObject | undefined,
  applied: KubeObject,
  more: { manager?: string; force?: boolean } = {},
): Map {
  return applyObject({
    live,
    applied,
    schema,
    kind: "ConfigMap",
    manager: "me",
    apiVersion: "v1",
    subresource: "",
    now,
    force: false,
    ...more,
  }).object;
}

Deno.test("applyObject() gives fields that were never tracked to before-first-apply", () => {
  const live = map({ a: "1", b: "1" }, { uid: "u" });
  const object = apply(live, map({ b: "1", c: "1" }));
  assert.deepEqual(object.data, { a: "1", b: "1", c: "1" });
  assert.deepEqual(
    object.metadata.managedFields?.map((e) => [e.manager, e.operation, e.fieldsV1]),
    [
      ["me", "Apply", { "f:data": { "f:b": {}, "f:c": {} } }],
      ["before-first-apply", "Update", { "f:data": { ".": {}, "f:a": {}, "f:b": {} } }],
    ],
  );
  assert.throws(() => apply(live, map({ a: "2" })), {
    message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
  });
});

Deno.test("applyObject() takes over what client-side apply left", () => {
  const client = {
    manager: "kubectl-client-side-apply",
    operation: "Update",
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:data": { ".": {}, "f:a": {}, "f:b": {} } },
  };
  const live = map({ a: "1", b: "changed" }, {
    uid: "u",
    annotations: { [lastAppliedAnnotation]: JSON.stringify(map({ a: "1", b: "1" })) },
    managedFields: [client],
  });
  const object = apply(live, map({ a: "2" }), { manager: "kubectl" });
  assert.equal(object.data?.a, "2");
  assert.equal(
    object.metadata.annotations?.[lastAppliedAnnotation],
    '{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"name":"m"}}\n',
  );
  // Somebody changed b since, and other managers did not migrate.
  assert.throws(() => apply(live, map({ a: "2", b: "2" }), { manager: "kubectl" }), {
    message:
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.b',
  });
  assert.throws(() => apply(live, map({ a: "2" })), { code: 409 });
});

Deno.test("applyObject() removes what the manager gave up and nobody else owns", () => {
  const first = apply(undefined, map({ a: "1", b: "1", c: "1" }));
  const live = apply(first, map({ b: "1" }), { manager: "other" });
  live.data!.byNobody = "1";
  const object = apply(live, map({ c: "1" }));
  assert.deepEqual(object.data, { b: "1", c: "1", byNobody: "1" });
});

Deno.test("applyObject() keeps the identity of an object whose labels are given up", () => {
  const live = apply(undefined, map({ a: "1" }, { labels: { x: "1" } }));
  Object.assign(live.metadata, { uid: "u", resourceVersion: "5" });
  const { managedFields: _, ...metadata } = apply(live, map({ a: "1" })).metadata;
  assert.deepEqual(metadata, { name: "m", uid: "u", resourceVersion: "5" });
});

const deployment: ScaleOwnership = {
  apiVersion: "apps/v1",
  replicasAt: (version) => version === "apps/v1" ? ["f:spec", "f:replicas"] : null,
};

function entry(manager: string, fields: readonly string[], more: Record<string, unknown> = {}) {
  return {
    manager,
    operation: "Update",
    apiVersion: "apps/v1",
    time: now,
    fieldsType: "FieldsV1",
    fieldsV1: { "f:spec": Object.fromEntries(fields.map((name) => [`f:${name}`, {}])) },
    ...more,
  };
}

Deno.test("scaleEntries() has the owners of the replicas only", () => {
  const entries = [entry("a", ["paused", "replicas"]), entry("b", ["paused"])];
  assert.deepEqual(scaleEntries(entries, deployment), [
    entry("a", ["replicas"], { apiVersion: "autoscaling/v1" }),
  ]);
});

Deno.test("parentEntries() moves the replicas to who wrote the scale", () => {
  const before = [
    entry("a", ["paused", "replicas"]),
    entry("old", ["paused"], { apiVersion: "apps/v0" }),
  ];
  const scaler = { apiVersion: "autoscaling/v1", subresource: "scale" };
  const { time: _, ...added } = entry("s", ["replicas"], { subresource: "scale" });
  assert.deepEqual(parentEntries(before, [entry("s", ["replicas"], scaler)], deployment), [
    added,
    entry("a", ["paused"]),
  ]);
  const unchanged = [entry("a", ["replicas"], { apiVersion: "autoscaling/v1" })];
  assert.deepEqual(parentEntries(before, unchanged, deployment), [before[0]]);
});
