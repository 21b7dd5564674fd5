import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Random, seededRandom } from "../clock/random.ts";
import { decodeObject } from "../schema/decode.ts";
import { DecodeError } from "../schema/decode_error.ts";
import { type FieldNode, type SchemaNode, schemaOf, type StructNode } from "../schema/schema.ts";
import { decodeProtobuf, encodeProtobuf, hasProtobuf } from "./protobuf.ts";
import { decodeEnvelope, encodeEnveloped } from "./protobuf_envelope.ts";

function decode(schema: StructNode, value: unknown) {
  return decodeObject(schema, value, { strict: true });
}

/** Through protobuf and back to the object. */
function roundTrip(schema: StructNode, object: object) {
  const envelope = decodeEnvelope(encodeEnveloped(schema, object));
  const { kind, apiVersion, raw } = envelope;
  return decode(schema, { kind, apiVersion, ...decodeProtobuf(schema, raw) }).object;
}

/** Objects that use most of what protobuf does in its own way. */
const richObjects: readonly {
  kind: string;
  apiVersion: string;
  [field: string]: unknown;
}[] = [
  {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      name: "p",
      labels: { a: "b", "": "" },
      generation: 3,
      creationTimestamp: "2024-01-02T03:04:05Z",
      deletionGracePeriodSeconds: 0,
      ownerReferences: [{ apiVersion: "v1", kind: "X", name: "x", uid: "u", controller: false }],
      managedFields: [{
        manager: "m",
        operation: "Update",
        time: "2024-01-02T03:04:05Z",
        fieldsType: "FieldsV1",
        fieldsV1: { "f:spec": { 'k:{"name":"c"}': { ".": {} } } },
      }],
    },
    spec: {
      volumes: [
        { name: "a", emptyDir: { sizeLimit: "1Gi" } },
        { name: "b", configMap: { name: "c", defaultMode: 420, optional: false } },
        { name: "c", projected: { sources: [{ secret: { name: "s" } }, {}] } },
      ],
      containers: [{
        name: "c",
        command: ["", "x"],
        env: [{ name: "E", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } }],
        envFrom: [{ prefix: "P_", secretRef: { name: "s" } }],
        resources: { limits: { cpu: "1500m", memory: "1Gi" } },
        livenessProbe: { httpGet: { path: "/", port: "web" }, initialDelaySeconds: 3 },
        readinessProbe: { tcpSocket: { port: 8080 } },
        lifecycle: { preStop: { exec: { command: ["sh"] } } },
        securityContext: { runAsUser: 0, privileged: false, capabilities: { add: ["X"] } },
      }],
      ephemeralContainers: [{ name: "e", image: "i", targetContainerName: "c" }],
      tolerations: [{ key: "k", operator: "Exists", tolerationSeconds: 300 }],
      overhead: { cpu: "10m" },
    },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2024-01-02T03:04:05Z" }],
      containerStatuses: [{ name: "c", state: { running: {} }, started: true, restartCount: 2 }],
      podIPs: [{ ip: "192.0.2.1" }],
    },
  },
  {
    kind: "Deployment",
    apiVersion: "apps/v1",
    metadata: { name: "d", annotations: { "deployment.kubernetes.io/revision": "1" } },
    spec: {
      replicas: 0,
      selector: { matchExpressions: [{ key: "a", operator: "In", values: ["b"] }] },
      template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c" }] } },
      strategy: { rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
      paused: true,
    },
    status: { observedGeneration: 5, terminatingReplicas: 0 },
  },
  {
    kind: "HorizontalPodAutoscaler",
    apiVersion: "autoscaling/v2",
    metadata: { name: "h" },
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "d", apiVersion: "apps/v1" },
      minReplicas: 0,
      maxReplicas: 4,
      metrics: [{
        type: "External",
        external: {
          metric: { name: "m", selector: {} },
          target: { type: "Value", value: "1500m" },
        },
      }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 0, tolerance: "100m" } },
    },
    status: { desiredReplicas: 0, currentMetrics: [{ type: "Resource" }] },
  },
  {
    kind: "CustomResourceDefinition",
    apiVersion: "apiextensions.k8s.io/v1",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      names: { plural: "widgets", kind: "Widget" },
      scope: "Namespaced",
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            default: { a: null, b: [1.5] },
            maximum: 0,
            enum: ["a", 1, null, false],
            properties: {
              free: { additionalProperties: true, "x-kubernetes-preserve-unknown-fields": true },
              closed: { additionalProperties: false },
              map: { additionalProperties: { type: "string" } },
              list: { items: { type: "array", items: [{ type: "string" }, {}] } },
            },
            dependencies: { a: ["b", "c"], d: { type: "string" } },
            "x-kubernetes-validations": [{ rule: "self.a > 1", message: "m" }],
          },
        },
      }],
    },
  },
];

for (const given of richObjects) {
  Deno.test(`encodeProtobuf() loses nothing of a rich ${given.kind}`, () => {
    const schema = schemaOf(given.apiVersion, given.kind);
    const { object, unknownFields } = decode(schema, given);
    assert.deepEqual(unknownFields, []);
    assert.deepEqual(roundTrip(schema, object), object);
  });
}

// Requests that the reference has accepted, and what it made of them.
const recorded: readonly [title: string, base64: string, want: object][] = [
  [
    "a ConfigMap",
    "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEh4KCwoBYVoGCgFsEgF2EgYKAWsSAXYSBwoBehICw7w=",
    { metadata: { name: "a", labels: { l: "v" } }, data: { k: "v", z: "ü" } },
  ],
  [
    "a Lease",
    "azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRIaCgMKAWwSEwoCbWUQDyILCKX6zawGEICU7zo=",
    {
      metadata: { name: "l" },
      spec: {
        holderIdentity: "me",
        leaseDurationSeconds: 15,
        renewTime: "2024-01-02T03:04:05.123456Z",
      },
    },
  ],
  [
    "a Pod",
    "azhzAAoJCgJ2MRIDUG9kEkoKAwoBcBJDEi0KAWMSBW5naW54MgcYUAoDd2ViQg8SDQoDY3B1EgYKBDEwMG1KBwoBdhoCL2QKBwoBdhICEgAaBU5ldmVyIAVYAA==",
    {
      metadata: { name: "p" },
      spec: {
        containers: [{
          name: "c",
          image: "nginx",
          ports: [{ containerPort: 80, name: "web" }],
          resources: { requests: { cpu: "100m" } },
          volumeMounts: [{ name: "v", mountPath: "/d" }],
        }],
        volumes: [{ name: "v", emptyDir: {} }],
        restartPolicy: "Never",
        terminationGracePeriodSeconds: 5,
        hostNetwork: false,
      },
    },
  ],
  [
    "an unknown field number",
    "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhYKEAoGc3RyaWN0WgYKAWwSAXaaBgF4",
    { metadata: { name: "strict", labels: { l: "v" } } },
  ],
];
for (const [title, base64, want] of recorded) {
  Deno.test(`decodeProtobuf() reads ${title}`, () => {
    const { apiVersion, kind, raw } = decodeEnvelope(Buffer.from(base64, "base64"));
    assert.deepEqual(decodeProtobuf(schemaOf(apiVersion, kind), raw), want);
  });
}

Deno.test("encodeProtobuf() nests what JSON inlines", () => {
  const pod = { metadata: { name: "p" }, spec: { volumes: [{ name: "v", emptyDir: {} }] } };
  // spec = 2 { volumes = 1 { name = 1 "v", volumeSource = 2 { emptyDir = 2 {} } } }
  const want = "0a03" + "0a0170" + "1209" + "0a07" + "0a0176" + "1202" + "1200";
  const bytes = encodeProtobuf(schemaOf("v1", "Pod"), pod);
  assert.equal(Buffer.from(bytes).toString("hex"), want);
});

Deno.test("encodeProtobuf() writes negative and large integers", () => {
  const schema = schemaOf("v1", "Pod");
  const given = { spec: { priority: -5, activeDeadlineSeconds: 2 ** 53 - 1 } };
  assert.deepEqual(decodeProtobuf(schema, encodeProtobuf(schema, given)), given);
});

Deno.test("decodeProtobuf() takes packed lists of numbers", () => {
  const schema = schemaOf("v1", "Pod");
  // spec = 2 { securityContext = 14 { supplementalGroups = 4 [1, 300] } }
  const bytes = Buffer.from("12077205220301ac02", "hex");
  assert.deepEqual(decodeProtobuf(schema, bytes), {
    spec: { securityContext: { supplementalGroups: [1, 300] } },
  });
});

const broken: readonly [title: string, hex: string, message: string][] = [
  ["a message cut short", "ffffff", "unexpected EOF"],
  ["a length beyond the end", "0aff01", "unexpected EOF"],
  ["a group", "5b", "proto: illegal wireType 3"],
  ["field number 0", "00", "proto: illegal tag 0 (wire type 0)"],
  ["a number instead of a message", "0801", "proto: wrong wireType = 0 for field Metadata"],
];
for (const [title, hex, message] of broken) {
  Deno.test(`decodeProtobuf() refuses ${title}`, () => {
    const bytes = Buffer.from(hex, "hex");
    assert.throws(() => decodeProtobuf(schemaOf("v1", "Pod"), bytes), new DecodeError(message));
  });
}

Deno.test("hasProtobuf() is false for types that are JSON only", () => {
  assert.equal(hasProtobuf(schemaOf("v1", "Pod")), true);
  const widget: StructNode = {
    type: "struct",
    goType: "",
    goName: "",
    fields: new Map(),
    atomic: false,
  };
  assert.equal(hasProtobuf(widget), false);
});

const generated = [
  ["v1", "Pod"],
  ["v1", "Service"],
  ["v1", "Node"],
  ["v1", "PersistentVolume"],
  ["apps/v1", "StatefulSet"],
  ["batch/v1", "CronJob"],
  ["autoscaling/v2", "HorizontalPodAutoscaler"],
  ["networking.k8s.io/v1", "Ingress"],
  ["resource.k8s.io/v1", "ResourceSlice"],
  ["authorization.k8s.io/v1", "SubjectAccessReview"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
] as const;
for (const [apiVersion, kind] of generated) {
  Deno.test(`encodeProtobuf() and decodeProtobuf() are inverse for random objects of kind ${kind}`, () => {
    const schema = schemaOf(apiVersion, kind);
    for (let seed = 1; seed <= 40; seed++) {
      const given = { ...generate(schema, seededRandom(seed), 0) as object, kind, apiVersion };
      const { object } = decode(schema, given);
      assert.deepEqual(roundTrip(schema, object), object, `seed ${seed}`);
    }
  });
}

/** A random value that fits the schema. Deeper levels are sparser. */
function generate(node: SchemaNode, random: Random, depth: number): unknown {
  const count = () => Math.floor(random.float() * 3);
  switch (node.type) {
    case "struct":
      return generateStruct(node, random, depth);
    case "list":
      return Array.from({ length: count() }, () => generate(node.items, random, depth + 1));
    case "map":
      return Object.fromEntries(
        Array.from(
          { length: count() },
          (_, i) => [`k${i}`, generate(node.values, random, depth + 1)],
        ),
      );
    case "scalar":
      return scalars[node.scalar][Math.floor(random.float() * scalars[node.scalar].length)];
  }
}

function generateStruct(node: StructNode, random: Random, depth: number): object {
  const isPresent = (field: FieldNode) =>
    field.proto > 0 && random.float() < (depth < 3 ? 0.6 : 0.9 / depth);
  return Object.fromEntries(
    [...node.fields.values()].filter(isPresent).map((field) => [
      field.name,
      generate(field.node, random, depth + 1),
    ]),
  );
}

const scalars = {
  string: ["", "a", "ü", "long ".repeat(100)],
  bool: [true, false],
  int32: [0, 1, -1, 2147483647, -2147483648],
  int64: [0, 127, 128, -1, 9007199254740991],
  float64: [0, 1.5, -2.25],
  bytes: ["", "YQ==", "AAECAw=="],
  quantity: ["0", "100m", "1Gi", "5"],
  time: ["2024-01-02T03:04:05Z", "1969-12-31T23:59:59Z"],
  microTime: ["2024-01-02T03:04:05.123456Z"],
  duration: ["0s", "1h0m0s", "1.5s"],
  intOrString: [0, 80, -3, "http", "25%"],
  fieldsV1: [{ "f:metadata": { "f:labels": {} } }],
  raw: [{ a: [1, { b: null }] }],
  any: [true, { type: "object" }],
} as const;
