import assert from "node:assert/strict";
import type { CustomResourceDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { customKinds } from "./custom_kind.ts";
import { nestedValue } from "./scale_paths.ts";

const text = { type: "string" };
const schemaOf = (properties: object) => ({
  openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties } } },
});
const names = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" };
const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Cluster",
    names,
    versions: [
      {
        name: "v1beta1",
        served: true,
        storage: false,
        deprecated: true,
        schema: schemaOf({ a: text, old: text }),
      },
      {
        name: "v1",
        served: true,
        storage: true,
        schema: schemaOf({ a: text, b: { ...text, default: "d" } }),
      },
      { name: "v2", served: false, storage: false, schema: schemaOf({}) },
    ],
  },
  status: { acceptedNames: names },
} as unknown as CustomResourceDefinition;

const objectOf = (version: string, spec: object) =>
  ({ apiVersion: `example.com/${version}`, kind: "Widget", metadata: { name: "w" }, spec }) as
    & KubeObject
    & { spec: object };

Deno.test("customKinds() makes a kind of each served version over the one that is stored", () => {
  const { stored, served } = customKinds(definition);
  assert.deepEqual(served.map(({ version }) => version), ["v1beta1", "v1"]);
  assert.equal(stored, served[1]);
  assert.deepEqual([stored.scope, stored.kind, stored.plural], ["Cluster", "Widget", "widgets"]);
  assert.deepEqual(served.map(({ deprecation }) => deprecation), [
    "example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget",
    undefined,
  ]);
});

Deno.test("Conversion None renames the version and keeps what the other version declares", () => {
  const [beta] = customKinds(definition).served;
  const toStored = beta!.storedAs!.toStored(objectOf("v1beta1", { a: "x", old: "y" }));
  assert.deepEqual(toStored, objectOf("v1", { a: "x" }));
  assert.deepEqual(
    beta!.storedAs!.fromStored(objectOf("v1", { a: "x", b: "z" })),
    objectOf("v1beta1", { a: "x" }),
  );
});

Deno.test("A stored object is read as its definition has it now", () => {
  const { stored } = customKinds(definition);
  const revived = stored.revive!(objectOf("v1", { a: "x", gone: 1 })) as KubeObject & {
    spec: object;
  };
  assert.deepEqual(revived.spec, { a: "x", b: "d" });
  assert.equal(revived.metadata.generation, 1);
});

Deno.test("nestedValue() finds what a simple path leads to, or says why it does not", () => {
  const object = { spec: { replicas: 2, text: "x", none: null } };
  assert.deepEqual(nestedValue(object, ".spec.replicas", "int64"), { value: 2 });
  assert.deepEqual(nestedValue(object, ".spec.absent.deep", "int64"), {});
  assert.deepEqual(nestedValue(object, ".spec.none.deep", "int64"), {});
  assert.deepEqual(nestedValue(object, ".spec.text", "int64"), {
    problem: ".spec.text accessor error: x is of the type string, expected int64",
  });
  assert.deepEqual(nestedValue(object, ".spec.text.deep", "int64"), {
    problem:
      ".spec.text.deep accessor error: x is of the type string, expected map[string]interface{}",
  });
});
