import assert from "node:assert/strict";
import type { ObjectMeta } from "./types.gen.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "./validate_metadata.ts";

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const owner = { apiVersion: "v1", kind: "Pod", name: "x", uid: "u" };

const created: readonly [string, ObjectMeta, readonly string[]][] = [
  ["a good one", {
    name: "n",
    namespace: "ns",
    labels: { a: "b" },
    annotations: { "UPPER.com/Key": "v" },
    finalizers: ["example.com/ok", "orphan"],
    ownerReferences: [owner],
  }, []],
  ["no name", { namespace: "ns" }, [
    "metadata.name: Required value: name or generateName is required",
  ]],
  ["a bad generateName", { name: "n", generateName: "-bad", namespace: "ns" }, [
    `metadata.generateName: Invalid value: "-bad": ${subdomain}`,
  ]],
  ["no namespace", { name: "n" }, ["metadata.namespace: Required value"]],
  ["a negative generation", { name: "n", namespace: "ns", generation: -1 }, [
    "metadata.generation: Invalid value: -1: must be greater than or equal to 0",
  ]],
  ["an owner without a name", {
    name: "n",
    namespace: "ns",
    ownerReferences: [{ ...owner, name: "", uid: "" }],
  }, [
    "metadata.ownerReferences[0].name: Required value: must not be empty",
    "metadata.ownerReferences[0].uid: Required value: must not be empty",
  ]],
  ["an Event as owner", {
    name: "n",
    namespace: "ns",
    ownerReferences: [{ ...owner, kind: "Event" }],
  }, [
    'metadata.ownerReferences[0]: Invalid value: {"apiVersion":"v1","kind":"Event","name":"x","uid":"u"}: /v1, Kind=Event is disallowed from being an owner',
  ]],
  ["two controllers", {
    name: "n",
    namespace: "ns",
    ownerReferences: [{ ...owner, controller: true }, { ...owner, name: "y", controller: true }],
  }, [
    'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"x","uid":"u","controller":true},{"apiVersion":"v1","kind":"Pod","name":"y","uid":"u","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Pod/x and Pod/y',
  ]],
  ["a finalizer without a domain", { name: "n", namespace: "ns", finalizers: ["nodomain"] }, [
    'metadata.finalizers[0]: Invalid value: "nodomain": name is neither a standard finalizer name nor is it fully qualified',
  ]],
  ["both garbage collection finalizers", {
    name: "n",
    namespace: "ns",
    finalizers: ["foregroundDeletion", "orphan"],
  }, [
    'metadata.finalizers: Invalid value: ["foregroundDeletion","orphan"]: finalizer orphan and foregroundDeletion cannot be both set',
  ]],
  ["too large annotations", {
    name: "n",
    namespace: "ns",
    annotations: { a: "ü".repeat(128 * 1024) },
  }, ["metadata.annotations: Too long: may not be more than 262144 bytes"]],
  ["bad managed fields", {
    name: "n",
    namespace: "ns",
    managedFields: [{ operation: "Bogus", fieldsType: "X", manager: "a\u0007" }],
  }, [
    'metadata.managedFields[0].operation: Invalid value: "Bogus": must be `Apply` or `Update`',
    'metadata.managedFields[0].fieldsType: Invalid value: "X": must be `FieldsV1`',
    'metadata.managedFields[0].manager: Invalid value: "a\\u0007": invalid character U+0007 (at position 1)',
  ]],
];
for (const [title, meta, want] of created) {
  Deno.test(`validateObjectMeta() judges ${title}`, () => {
    const errors = validateObjectMeta(meta, { namespaced: true });
    assert.deepEqual(errors.map((error) => `${error.path}: ${error.message}`), want);
  });
}

Deno.test("validateObjectMeta() refuses a namespace on a cluster-scoped object", () => {
  const errors = validateObjectMeta({ name: "n", namespace: "ns" }, { namespaced: false });
  assert.deepEqual(errors.map((error) => error.message), ["Forbidden: not allowed on this type"]);
});

Deno.test("validateObjectMeta() uses the kind's own rule for names", () => {
  const options = { namespaced: false, validateName: () => ["not that one"] };
  const errors = validateObjectMeta({ name: "n" }, options);
  assert.deepEqual(errors.map((error) => error.message), ['Invalid value: "n": not that one']);
});

const old: ObjectMeta = {
  name: "n",
  namespace: "ns",
  uid: "u",
  generation: 2,
  creationTimestamp: "2026-01-01T00:00:00Z",
  deletionTimestamp: "2026-01-02T00:00:00Z",
  finalizers: ["example.com/a"],
};
const updated: readonly [string, ObjectMeta, readonly string[]][] = [
  ["no change", old, []],
  ["fewer finalizers", { ...old, finalizers: [] }, []],
  ["another uid", { ...old, uid: "v" }, ['metadata.uid: Invalid value: "v": field is immutable']],
  ["an older generation", { ...old, generation: 1 }, [
    "metadata.generation: Invalid value: 1: must not be decremented",
  ]],
  ["more finalizers while deleting", {
    ...old,
    finalizers: ["example.com/a", "example.com/c"],
  }, [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/c"}',
  ]],
];
for (const [title, meta, want] of updated) {
  Deno.test(`validateObjectMetaUpdate() judges ${title}`, () => {
    const errors = validateObjectMetaUpdate(meta, old);
    assert.deepEqual(errors.map((error) => `${error.path}: ${error.message}`), want);
  });
}
