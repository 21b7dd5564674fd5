import assert from "node:assert/strict";
import { decodeObject, decodeStruct, normalizeObject } from "./decode.ts";
import { DecodeError } from "./decode_error.ts";
import { schemaOf, schemaOfType } from "./schema.ts";
import { structuralNode } from "./structural/structural_node.ts";

function decode(apiVersion: string, kind: string, rest: object) {
  return decodeObject(schemaOf(apiVersion, kind), { kind, apiVersion, ...rest }, { strict: true });
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof DecodeError);
    return error.message;
  }
  return "no error";
}

Deno.test("decodeObject() writes what Go writes although it was not given", () => {
  const { object } = decode("v1", "Pod", {
    spec: { containers: [{ image: "x" }], volumes: [{ name: "v", emptyDir: {} }] },
  });
  assert.deepEqual(object, {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {},
    spec: {
      volumes: [{ name: "v", emptyDir: {} }],
      containers: [{ name: "", image: "x", resources: {} }],
    },
    status: {},
  });
});

Deno.test("decodeObject() keeps schema order and sorts map keys", () => {
  const { object } = decode("v1", "ConfigMap", {
    data: { b: "2", a: "1" },
    metadata: { labels: { z: "1", k: "2" }, name: "n" },
  });
  assert.equal(
    JSON.stringify(object),
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"n","labels":{"k":"2","z":"1"}},"data":{"a":"1","b":"2"}}',
  );
});

const kept: readonly [title: string, kind: string, given: object, want: object][] = [
  ["drops empty optional values", "ConfigMap", { data: {}, metadata: { name: "" } }, {
    metadata: {},
  }],
  ["reads null as absent", "ConfigMap", { data: null, immutable: null, metadata: null }, {
    metadata: {},
  }],
  ["keeps a pointer to false", "ConfigMap", { immutable: false }, {
    metadata: {},
    immutable: false,
  }],
  ["reads null in a map as the zero value", "ConfigMap", { data: { a: null } }, {
    metadata: {},
    data: { a: "" },
  }],
  ["keeps __proto__ as a key", "ConfigMap", JSON.parse('{"data":{"__proto__":"x"}}'), {
    metadata: {},
    ...JSON.parse('{"data":{"__proto__":"x"}}'),
  }],
  ["drops empty optional lists", "Endpoints", { subsets: [] }, { metadata: {} }],
  [
    "canonicalizes quantities",
    "ResourceQuota",
    { spec: { hard: { cpu: 0.5, memory: "1024Ki", pods: "1000m" } } },
    { metadata: {}, spec: { hard: { cpu: "500m", memory: "1Mi", pods: "1" } }, status: {} },
  ],
  ["normalizes times", "ConfigMap", {
    metadata: { creationTimestamp: "2024-01-02T04:04:05.9+01:00" },
  }, { metadata: { creationTimestamp: "2024-01-02T03:04:05Z" } }],
  ["canonicalizes base64", "Secret", { data: { a: "YQ\n==" } }, {
    metadata: {},
    data: { a: "YQ==" },
  }],
];
for (const [title, kind, given, want] of kept) {
  Deno.test(`decodeObject() ${title}`, () => {
    assert.deepEqual(decode("v1", kind, given).object, { kind, apiVersion: "v1", ...want });
  });
}

Deno.test("decodeObject() writes required lists, times and quantities as null or zero", () => {
  const role = decode("rbac.authorization.k8s.io/v1", "Role", { rules: [] }).object;
  assert.deepEqual(role, {
    kind: "Role",
    apiVersion: "rbac.authorization.k8s.io/v1",
    metadata: {},
    rules: null,
  });
  const node = decode("v1", "Node", { status: { conditions: [{ type: "Ready" }] } }).object;
  const { status } = node as unknown as { status: { conditions: unknown[] } };
  assert.deepEqual(status.conditions, [
    { type: "Ready", status: "", lastHeartbeatTime: null, lastTransitionTime: null },
  ]);
});

Deno.test("decodeObject() reports unknown fields in document order", () => {
  const { object, unknownFields } = decode("v1", "Pod", {
    zzz: 1,
    spec: { containers: [{ name: "a" }, { bar: 1, Name: "b" }], foo: { x: 1 } },
    metadata: { nope: {} },
  });
  assert.deepEqual(unknownFields, [
    "zzz",
    "spec.containers[1].bar",
    "spec.containers[1].Name",
    "spec.foo",
    "metadata.nope",
  ]);
  assert.equal("zzz" in object, false);
});

Deno.test("decodeObject() collects nothing unless strict", () => {
  const { unknownFields } = decodeObject(schemaOf("v1", "Pod"), { a: 1 }, { strict: false });
  assert.deepEqual(unknownFields, []);
});

const quantityPattern = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";
const wrong: readonly [kind: string, given: object, message: string][] = [
  [
    "Pod",
    { metadata: { labels: "x" } },
    "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
  ],
  [
    "Pod",
    { spec: { containers: [{ command: "x" }] } },
    "json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string",
  ],
  [
    "Pod",
    { spec: [] },
    "json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec",
  ],
  [
    "Pod",
    { spec: { priority: 1.5 } },
    "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32",
  ],
  [
    "Pod",
    { spec: { priority: 3000000000 } },
    "json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32",
  ],
  [
    "Service",
    { spec: { ports: [{ targetPort: true }] } },
    "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
  ],
  [
    "Secret",
    { data: { a: 5 } },
    "json: cannot unmarshal number into Go struct field Secret.data of type []uint8",
  ],
  ["Secret", { data: { a: "not base64!" } }, "illegal base64 data at input byte 3"],
  ["Secret", { data: { a: "v2" } }, "illegal base64 data at input byte 0"],
  [
    "Node",
    { status: { capacity: { cpu: "x" } } },
    `quantities must match the regular expression '${quantityPattern}'`,
  ],
  [
    "Node",
    { status: { capacity: { cpu: true } } },
    `quantities must match the regular expression '${quantityPattern}'`,
  ],
  [
    "Pod",
    { metadata: { creationTimestamp: "x" } },
    'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
  ],
];
for (const [kind, given, message] of wrong) {
  Deno.test(`decodeObject() refuses ${JSON.stringify(given)} as a ${kind}`, () => {
    assert.equal(messageOf(() => decode("v1", kind, given)), message);
  });
}

Deno.test("decodeObject() reports the first wrong type, but a broken content at once", () => {
  const both = { data: { a: 1 }, immutable: "x" };
  assert.match(messageOf(() => decode("v1", "ConfigMap", both)), /number into .*ConfigMap.data/);
  const later = { metadata: { labels: 1, creationTimestamp: "x" } };
  assert.match(messageOf(() => decode("v1", "ConfigMap", later)), /^parsing time/);
});

Deno.test("decodeObject() refuses what is no object", () => {
  assert.equal(
    messageOf(() => decodeObject(schemaOf("v1", "Pod"), [], { strict: true })),
    "json: cannot unmarshal array into Go value of type v1.Pod",
  );
});

Deno.test("decodeObject() decodes the schema types that have several forms", () => {
  const openAPIV3Schema = {
    type: "array",
    items: { type: "object", additionalProperties: false, nope: 1 },
    default: { any: [1, null] },
  };
  const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }];
  const crd = decode("apiextensions.k8s.io/v1", "CustomResourceDefinition", { spec: { versions } });
  const spec = (crd.object as unknown as { spec: { versions: { schema: unknown }[] } }).spec;
  assert.deepEqual(spec.versions[0]!.schema, {
    openAPIV3Schema: {
      type: "array",
      default: { any: [1, null] },
      items: { type: "object", additionalProperties: false },
    },
  });
  assert.deepEqual(crd.unknownFields, []);
});

Deno.test("decodeObject() leaves its input as it was, and its result is a fixed point", () => {
  const given = {
    metadata: { labels: { b: "", a: "x" }, finalizers: [] },
    spec: { containers: [{ resources: { limits: { cpu: "1000m" } } }] },
  };
  const before = JSON.stringify(given);
  const { object } = decode("v1", "Pod", given);
  assert.equal(JSON.stringify(given), before);
  const again = normalizeObject(schemaOf("v1", "Pod"), object);
  assert.equal(JSON.stringify(again), JSON.stringify(object));
});

Deno.test("normalizeObject() treats undefined as absent", () => {
  const pod = { kind: "Pod", apiVersion: "v1", metadata: { name: "a", labels: undefined } };
  const { object, unknownFields } = decodeObject(
    schemaOf("v1", "Pod"),
    { ...pod, gone: undefined },
    { strict: true },
  );
  assert.deepEqual(object.metadata, { name: "a" });
  assert.deepEqual(unknownFields, []);
});

Deno.test("decodeStruct() decodes any struct", () => {
  const schema = schemaOfType("k8s.io.api.core.v1.ServicePort");
  assert.deepEqual(decodeStruct(schema, { port: 80 }, { strict: true }).object, {
    port: 80,
    targetPort: 0,
  });
});

const widget = structuralNode({
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        text: { type: "string" },
        list: { type: "array", items: { type: "object", properties: { a: { type: "string" } } } },
        free: {
          type: "object",
          "x-kubernetes-preserve-unknown-fields": true,
          properties: { known: { type: "string" } },
        },
      },
    },
  },
});

Deno.test("decodeObject() prunes custom resources and changes nothing else", () => {
  const { object, unknownFields } = decodeObject(widget, {
    spec: { text: 5, list: [{ a: "", b: 1 }, null], free: { z: null, known: [] }, gone: 1 },
    metadata: { name: "w", labels: {}, nope: 1 },
    kind: "Widget",
  }, { strict: true });
  assert.deepEqual(object, {
    kind: "Widget",
    metadata: { name: "w" },
    spec: { free: { known: [], z: null }, list: [{ a: "" }, null], text: 5 },
  });
  assert.deepEqual(unknownFields, ["metadata.nope", "spec.gone", "spec.list[0].b"]);
});

Deno.test("decodeObject() reports errors in the metadata of custom resources from there on", () => {
  assert.equal(
    messageOf(() => decodeObject(widget, { metadata: { labels: { a: 1 } } }, { strict: true })),
    "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string",
  );
});
