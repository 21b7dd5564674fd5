import assert from "node:assert/strict";
import { StatusError } from "../meta/status_error.ts";
import { schemaOf } from "../schema/schema.ts";
import { applyStrategicMergePatch, parseStrategicMergePatch } from "./strategic_merge_patch.ts";

const ports = [{ name: "a", port: 80, protocol: "TCP" }, { name: "b", port: 81, protocol: "TCP" }];

interface Case {
  readonly title: string;
  readonly of?: readonly [apiVersion: string, kind: string];
  readonly from: object;
  readonly patch: object;
  readonly want: object;
}
const cases: readonly Case[] = [
  {
    title: "merges list items by merge key and puts new ones first",
    from: { spec: { ports } },
    patch: { spec: { ports: [{ port: 82 }, { port: 80, name: "x" }] } },
    want: { spec: { ports: [{ port: 82 }, { ...ports[0], name: "x" }, ports[1]] } },
  },
  {
    title: "deletes items",
    from: { spec: { ports } },
    patch: { spec: { ports: [{ port: 80, $patch: "delete" }] } },
    want: { spec: { ports: [ports[1]] } },
  },
  {
    title: "replaces a list that would merge",
    from: { spec: { ports } },
    patch: { spec: { ports: [{ $patch: "replace" }, { port: 99 }] } },
    want: { spec: { ports: [{ port: 99 }] } },
  },
  {
    title: "replaces a map",
    from: { spec: { selector: { a: "b" } } },
    patch: { spec: { selector: { $patch: "replace", c: "d" } } },
    want: { spec: { selector: { c: "d" } } },
  },
  {
    title: "empties a map by deleting it",
    from: { spec: { selector: { a: "b" } } },
    patch: { spec: { selector: { $patch: "delete" } } },
    want: { spec: { selector: {} } },
  },
  {
    title: "merges maps and removes with null",
    from: { metadata: { labels: { a: "1", b: "2" } } },
    patch: { metadata: { labels: { a: null, c: "3", d: null } } },
    want: { metadata: { labels: { b: "2", c: "3" } } },
  },
  {
    title: "replaces lists without a merge strategy",
    of: ["v1", "Node"],
    from: { spec: { taints: [{ key: "a", effect: "NoSchedule" }] } },
    patch: { spec: { taints: [{ key: "b", effect: "NoSchedule" }] } },
    want: { spec: { taints: [{ key: "b", effect: "NoSchedule" }] } },
  },
  {
    title: "merges lists of texts as sets",
    from: { metadata: { finalizers: ["a", "b"] } },
    patch: { metadata: { finalizers: ["c", "a"] } },
    want: { metadata: { finalizers: ["c", "a", "b"] } },
  },
  {
    title: "deletes from lists of texts",
    from: { metadata: { finalizers: ["a", "b", "c"] } },
    patch: { metadata: { "$deleteFromPrimitiveList/finalizers": ["b", "x"] } },
    want: { metadata: { finalizers: ["a", "c"] } },
  },
  {
    title: "orders lists as told, keeping other items beside their neighbours",
    of: ["v1", "Pod"],
    from: { status: { conditions: [{ type: "a" }, { type: "b" }, { type: "c" }] } },
    patch: {
      status: {
        "$setElementOrder/conditions": [{ type: "c" }, { type: "a" }],
        conditions: [{ type: "a", status: "True" }],
      },
    },
    want: { status: { conditions: [{ type: "b" }, { type: "c" }, { type: "a", status: "True" }] } },
  },
  {
    title: "orders a list that the patch does not change",
    from: { metadata: { finalizers: ["a", "b"] } },
    patch: { metadata: { "$setElementOrder/finalizers": ["b", "a"] } },
    want: { metadata: { finalizers: ["b", "a"] } },
  },
  {
    title: "keeps only the retained keys",
    of: ["apps/v1", "Deployment"],
    from: { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } },
    patch: { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
    want: { spec: { strategy: { type: "Recreate" } } },
  },
  {
    title: "retains keys in the items of a list",
    of: ["v1", "Pod"],
    from: { spec: { volumes: [{ name: "v", emptyDir: {} }] } },
    patch: {
      spec: {
        volumes: [{ $retainKeys: ["name", "configMap"], name: "v", configMap: { name: "c" } }],
      },
    },
    want: { spec: { volumes: [{ name: "v", configMap: { name: "c" } }] } },
  },
  {
    title: "merges nested lists by their own keys",
    of: ["v1", "Pod"],
    from: { spec: { containers: [{ name: "c", image: "a", env: [{ name: "E", value: "1" }] }] } },
    patch: { spec: { containers: [{ name: "c", env: [{ name: "F", value: "2" }] }] } },
    want: {
      spec: {
        containers: [{
          name: "c",
          image: "a",
          env: [{ name: "F", value: "2" }, { name: "E", value: "1" }],
        }],
      },
    },
  },
  {
    title: "takes new parts without their directives and nulls",
    from: { metadata: {} },
    patch: {
      spec: { type: null, ports: [{ port: 1, $patch: "delete" }, { port: 2, name: null }] },
    },
    want: { metadata: {}, spec: { ports: [{ port: 2 }] } },
  },
  {
    title: "replaces a value of another type",
    from: { spec: { ports: null } },
    patch: { spec: { ports: [{ port: 1 }] } },
    want: { spec: { ports: [{ port: 1 }] } },
  },
];
for (const { title, of = ["v1", "Service"] as const, from, patch, want } of cases) {
  Deno.test(`applyStrategicMergePatch() ${title}`, () => {
    const before = JSON.stringify([from, patch]);
    const out = applyStrategicMergePatch(schemaOf(...of), from, patch as Record<string, unknown>);
    assert.deepEqual(out, want);
    assert.equal(JSON.stringify([from, patch]), before, "an input has changed");
  });
}

const refused: readonly [patch: Record<string, unknown>, code: number, message: string][] = [
  [
    { spec: { ports: [{ name: "x" }] } },
    500,
    "map: map[name:x] does not contain declared merge key: port",
  ],
  [{ spec: { $patch: "bogus" } }, 500, "unknown patch type: bogus in map: map[$patch:bogus]"],
  [
    { spec: { ports: [{ port: 80, $patch: "merge" }] } },
    500,
    "merging lists cannot yet be specified in the patch",
  ],
  [{ spec: { $retainKeys: ["type"], ports: [] } }, 400, "invalid patch format of retainKeys"],
  [
    { metadata: { $deleteFromPrimitiveList: ["a"] } },
    400,
    "invalid patch format of primitive list",
  ],
  [
    { metadata: { $setElementOrder: ["a"] } },
    400,
    "invalid patch format of setElementOrder list",
  ],
  [
    { spec: { ports: [[1]] } },
    422,
    "the server rejected our request due to an error in our request",
  ],
  [
    { spec: { "$setElementOrder/ports": [{ port: 81 }], ports: [{ port: 80 }] } },
    500,
    "The order in patch list:\n[map[port:80]]\n doesn't match $setElementOrder list:\n[map[port:81]]\n",
  ],
];
for (const [patch, code, message] of refused) {
  Deno.test(`applyStrategicMergePatch() refuses ${JSON.stringify(patch)}`, () => {
    const service = { spec: { ports }, metadata: { finalizers: ["a"] } };
    assert.throws(
      () => applyStrategicMergePatch(schemaOf("v1", "Service"), service, patch),
      (error) => {
        assert.ok(error instanceof StatusError);
        assert.deepEqual([error.code, error.message], [code, message]);
        return true;
      },
    );
  });
}

Deno.test("parseStrategicMergePatch() wants an object and reports duplicates", () => {
  assert.deepEqual(parseStrategicMergePatch('{"data":{"x":"1","x":"2"}}').duplicateFields, [
    "data.x",
  ]);
  assert.throws(() => parseStrategicMergePatch("[]"), {
    message: "json: cannot unmarshal array into Go value of type map[string]interface {}",
  });
  assert.throws(() => parseStrategicMergePatch("{"), { message: "unexpected end of JSON input" });
});
