import assert from "node:assert/strict";
import { schemaOf, type StructNode } from "../../../shared/schema/schema.ts";
import type { FieldSet } from "./field_set.ts";
import { mergeObjects, removeFields } from "./merge.ts";
import { reconcileWithSchema } from "./schema_migration.ts";
import { compareFields, toFieldSet } from "./typed_fields.ts";
import { typeErrors } from "./typed_validation.ts";

const pod = schemaOf("v1", "Pod");

function podWith(container: Record<string, unknown>) {
  return { spec: { containers: [{ name: "c", ...container }] } };
}

function inContainer(fields: FieldSet): FieldSet {
  return { "f:spec": { "f:containers": { 'k:{"name":"c"}': fields } } };
}

Deno.test("toFieldSet() names list items with the defaults of their keys", () => {
  const object = podWith({ ports: [{ containerPort: 80 }], command: ["x"], env: [] });
  assert.deepEqual(
    toFieldSet(object, pod),
    inContainer({
      ".": {},
      "f:command": {},
      "f:name": {},
      "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } },
    }),
  );
});

Deno.test("toFieldSet() has structs only where they are empty", () => {
  assert.deepEqual(toFieldSet({ spec: { securityContext: {}, affinity: null } }, pod), {
    "f:spec": { "f:affinity": {}, "f:securityContext": {} },
  });
});

Deno.test("compareFields() tells added, removed and modified apart", () => {
  const old = podWith({ image: "a", env: [{ name: "X", value: "1" }] });
  const object = podWith({ image: "b", env: [{ name: "Y" }], stdin: true });
  assert.deepEqual(compareFields(old, object, pod), {
    added: inContainer({
      "f:env": { 'k:{"name":"Y"}': { ".": {}, "f:name": {} } },
      "f:stdin": {},
    }),
    removed: inContainer({
      "f:env": { 'k:{"name":"X"}': { ".": {}, "f:name": {}, "f:value": {} } },
    }),
    modified: inContainer({ "f:image": {} }),
  });
});

Deno.test("compareFields() does not see the order of keys and items", () => {
  const old = { spec: { containers: [{ name: "a", image: "i" }, { name: "b" }] } };
  const object = { spec: { containers: [{ name: "b" }, { image: "i", name: "a" }] } };
  assert.deepEqual(compareFields(old, object, pod), { added: {}, removed: {}, modified: {} });
});

Deno.test("compareFields() takes repeated items as one leaf", () => {
  const old = podWith({ env: [{ name: "X", value: "1" }] });
  const object = podWith({ env: [{ name: "X", value: "1" }, { name: "X", value: "2" }] });
  const { added, removed } = compareFields(old, object, pod);
  assert.deepEqual(added, inContainer({ "f:env": { 'k:{"name":"X"}': {} } }));
  assert.deepEqual(
    removed,
    inContainer({ "f:env": { 'k:{"name":"X"}': { ".": {}, "f:name": {}, "f:value": {} } } }),
  );
});

Deno.test("compareFields() takes user keys for what they are", () => {
  const map = schemaOf("v1", "ConfigMap");
  const object = JSON.parse('{"data":{"constructor":"1","__proto__":"2"}}');
  assert.deepEqual(compareFields({ data: { a: "1" } }, object, map).added, {
    "f:data": { "f:__proto__": {}, "f:constructor": {} },
  });
});

Deno.test("values without schema are maps by field, and lists as a whole", () => {
  const free: StructNode = {
    type: "struct",
    goType: "",
    goName: "",
    fields: new Map(),
    atomic: false,
    preserveUnknown: true,
  };
  const live = { spec: { a: 1, l: [{ name: "x" }] } };
  const applied = { spec: { b: {}, l: [{ name: "y" }] } };
  assert.deepEqual(mergeObjects(live, applied, free), {
    spec: { a: 1, b: {}, l: [{ name: "y" }] },
  });
  assert.deepEqual(toFieldSet(applied, free), {
    "f:spec": { ".": {}, "f:b": {}, "f:l": {} },
  });
  assert.deepEqual(compareFields({ spec: { a: { x: 1 } } }, { spec: { a: [1] } }, free), {
    added: {},
    removed: { "f:spec": { "f:a": { "f:x": {} } } },
    modified: { "f:spec": { "f:a": {} } },
  });
});

for (
  const { title, live, applied, want } of [
    { title: "keeps live items", live: ["a", "b"], applied: ["c"], want: ["a", "b", "c"] },
    {
      title: "takes the applied order",
      live: ["a", "x", "b"],
      applied: ["b", "a"],
      want: ["x", "b", "a"],
    },
    {
      title: "keeps live items between shared ones",
      live: ["a", "x", "b"],
      applied: ["a", "n", "b"],
      want: ["a", "x", "n", "b"],
    },
  ]
) {
  Deno.test(`mergeObjects() ${title}`, () => {
    const list = (names: string[]) => ({ metadata: { finalizers: names } });
    assert.deepEqual(mergeObjects(list(live), list(applied), pod), list(want));
  });
}

Deno.test("mergeObjects() shares nothing with its arguments", () => {
  const live = { metadata: { labels: { a: "1" }, annotations: { b: "1" } } };
  const applied = { metadata: { labels: { c: "1" } } };
  const merged = mergeObjects(live, applied, pod);
  merged.metadata.labels.a = merged.metadata.annotations.b = "2";
  assert.deepEqual(live, { metadata: { labels: { a: "1" }, annotations: { b: "1" } } });
});

Deno.test("removeFields() removes items and leaves null for what is emptied", () => {
  const object = podWith({ image: "i", env: [{ name: "X" }, { name: "Y" }] });
  const set = inContainer({ "f:image": {}, "f:env": { 'k:{"name":"X"}': {} } });
  assert.deepEqual(removeFields(object, set, pod), podWith({ env: [{ name: "Y" }] }));
  const emptied = inContainer({ "f:env": { 'k:{"name":"X"}': {}, 'k:{"name":"Y"}': {} } });
  assert.deepEqual(removeFields(object, emptied, pod), podWith({ image: "i", env: null }));
});

Deno.test("reconcileWithSchema() joins owners of a part that became atomic", () => {
  const set = { "f:spec": { "f:nodeSelector": { "f:a": {} }, "f:tolerations": { "i:0": {} } } };
  assert.deepEqual(reconcileWithSchema(set, pod), {
    "f:spec": { "f:nodeSelector": {}, "f:tolerations": {} },
  });
  const current = { "f:spec": { "f:nodeSelector": {} } };
  assert.equal(reconcileWithSchema(current, pod), current);
});

for (
  const { object, want } of [
    { object: podWith({ image: "i" }), want: undefined },
    { object: { spec: { nope: 1 } }, want: ".spec.nope: field not declared in schema" },
    {
      object: { spec: { priority: "x", hostNetwork: 1 } },
      want: "errors:\n  .spec.priority: expected numeric (int or float), got string\n" +
        "  .spec.hostNetwork: expected boolean, got &{1}",
    },
    {
      object: podWith({ image: { a: [1, "b", null] } }),
      want: '.spec.containers[name="c"].image: expected string, got &value.valueUnstructured{' +
        'Value:map[string]interface {}{"a":[]interface {}{1, "b", interface {}(nil)}}}',
    },
    { object: { spec: { containers: {} } }, want: ".spec.containers: expected list, got &{map[]}" },
    {
      object: { spec: { containers: [null] } },
      want: ".spec.containers: element 0: associative list with keys may not have a null element",
    },
    {
      object: { metadata: { finalizers: ["a", "a"] } },
      want: '.metadata.finalizers: duplicate entries for key [="a"]',
    },
  ]
) {
  Deno.test(`typeErrors() of ${JSON.stringify(object)}`, () => {
    assert.equal(typeErrors(object, pod), want);
  });
}
