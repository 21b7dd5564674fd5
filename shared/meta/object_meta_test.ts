import assert from "node:assert/strict";
import { findCondition, isConditionTrue, removeCondition, setCondition } from "./conditions.ts";
import {
  addFinalizer,
  controllerOf,
  controllerReferenceTo,
  groupVersionOf,
  isControlledBy,
  keyOf,
  ownerReferenceTo,
  removeFinalizer,
  splitKey,
} from "./object_meta.ts";

const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name: "r", uid: "u" } };

Deno.test("controllerReferenceTo() makes the reference that controllerOf() finds", () => {
  const other = { apiVersion: "v1", kind: "Node", name: "n", uid: "x" };
  const pod = { metadata: { ownerReferences: [other, controllerReferenceTo(owner)] } };
  assert.deepEqual(controllerOf(pod), {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: "r",
    uid: "u",
    controller: true,
    blockOwnerDeletion: true,
  });
  assert.equal(isControlledBy(pod, owner), true);
  assert.equal(isControlledBy(pod, { metadata: { uid: "other" } }), false);
});

Deno.test("ownerReferenceTo() refuses an object that was never stored", () => {
  assert.throws(() => ownerReferenceTo({ kind: "Pod", metadata: { name: "n" } }), TypeError);
});

Deno.test("addFinalizer() and removeFinalizer() say whether they changed the object", () => {
  const object = { metadata: {} as { finalizers?: string[] } };
  assert.equal(addFinalizer(object, "a/b"), true);
  assert.equal(addFinalizer(object, "a/b"), false);
  assert.equal(removeFinalizer(object, "a/b"), true);
  assert.equal(removeFinalizer(object, "a/b"), false);
  assert.deepEqual(object, { metadata: {} });
});

Deno.test("keyOf() and splitKey() are inverse", () => {
  assert.equal(keyOf({ metadata: { name: "n", namespace: "ns" } }), "ns/n");
  assert.deepEqual(splitKey("ns/n"), { namespace: "ns", name: "n" });
  assert.deepEqual(splitKey("n"), { namespace: "", name: "n" });
});

Deno.test("groupVersionOf() knows the core group", () => {
  assert.deepEqual(groupVersionOf("v1"), { group: "", version: "v1" });
  assert.deepEqual(groupVersionOf("apps/v1"), { group: "apps", version: "v1" });
});

const ready = { type: "Ready", status: "True", lastTransitionTime: "t0", reason: "R" };

Deno.test("setCondition() keeps the transition time while the status stays", () => {
  const changed = setCondition([ready], { type: "Ready", status: "True", reason: "S" }, "t1");
  assert.deepEqual(changed, [{ ...ready, reason: "S" }]);
});

Deno.test("setCondition() moves the transition time with the status", () => {
  const changed = setCondition([ready], { type: "Ready", status: "False", reason: "R" }, "t1");
  assert.deepEqual(changed, [{ ...ready, status: "False", lastTransitionTime: "t1" }]);
});

Deno.test("setCondition() gives the same list when nothing changes", () => {
  const list = [ready];
  assert.equal(setCondition(list, { ...ready, lastTransitionTime: "t9" }, "t1"), list);
});

Deno.test("setCondition() adds and removeCondition() removes", () => {
  const list = setCondition(undefined, { type: "A", status: "True" }, "t1");
  assert.deepEqual(list, [{ type: "A", status: "True", lastTransitionTime: "t1" }]);
  assert.equal(isConditionTrue(list, "A"), true);
  assert.equal(findCondition(removeCondition(list, "A"), "A"), undefined);
});
