import assert from "node:assert/strict";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Attributes } from "../plugin.ts";
import { AdmissionHarness } from "../testing/admission_harness.ts";
import { nodeRestriction } from "./node_restriction.ts";

const user = { name: "system:node:a", groups: ["system:nodes"] };
const owner = { apiVersion: "v1", kind: "Node", name: "a", uid: "u", controller: true };
const mirror = (spec: object = {}, metadata: object = {}) => ({
  metadata: {
    name: "m",
    annotations: { "kubernetes.io/config.mirror": "x" },
    ownerReferences: [owner],
    ...metadata,
  },
  spec: { nodeName: "a", containers: [], ...spec },
});
const bound = (nodeName: string, more: object = {}) => ({
  metadata: { name: "p", namespace: "n", uid: "pod-1" },
  spec: { nodeName, containers: [] },
  ...more,
});
const token = (ref: object, audiences: string[] = []) => ({
  metadata: {},
  spec: { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p", ...ref }, audiences },
});
const node = (metadata: object = {}, spec: object = {}) => ({
  metadata: { name: "a", ...metadata },
  spec,
});
const update = (oldObject: object): Partial<Attributes> => ({
  operation: "UPDATE",
  oldObject: oldObject as KubeObject,
});

function world(podNode = "a"): AdmissionHarness {
  return new AdmissionHarness()
    .put("/nodes", { metadata: { name: "a", uid: "u" } })
    .put("/pods", bound(podNode));
}

const labels = { "kubernetes.io/hostname": "a", "node.kubernetes.io/x": "1", mine: "2" };
const allowed: [kind: string, object: object | undefined, more?: Partial<Attributes>][] = [
  ["/pods", mirror()],
  ["/pods", undefined, { operation: "DELETE", name: "p" }],
  ["/pods/status", bound("a", { status: { phase: "Running" } }), update(bound("a"))],
  ["/pods/eviction", { metadata: { name: "p" } }],
  ["/nodes", node({ labels })],
  ["/nodes", node({ labels }), update(node())],
  ["/serviceaccounts/token", token({ uid: "pod-1" })],
  ["coordination.k8s.io/leases", { metadata: { name: "a" } }, { namespace: "kube-node-lease" }],
  ["storage.k8s.io/csinodes", { metadata: { name: "a" } }],
  ["/configmaps", { metadata: { name: "x" } }],
];
for (const [kind, object, more] of allowed) {
  Deno.test(`NodeRestriction lets a node ${more?.operation ?? "CREATE"} its own ${kind}`, async () => {
    const harness = world();
    const attributes = harness.attributes(kind, object, { user, ...more });
    await harness.run(nodeRestriction(harness.dependencies), attributes);
  });
}

const refused: [
  kind: string,
  object: object | undefined,
  more: Partial<Attributes>,
  why: string,
][] = [
  [
    "/pods",
    bound("a"),
    {},
    'pod does not have "kubernetes.io/config.mirror" annotation, node "a" can only create mirror pods',
  ],
  [
    "/pods",
    mirror({ nodeName: "b" }),
    {},
    'node "a" can only create pods with spec.nodeName set to itself',
  ],
  [
    "/pods",
    mirror({}, { ownerReferences: [] }),
    {},
    'node "a" can only create pods with an owner reference set to itself',
  ],
  [
    "/pods",
    mirror({}, { ownerReferences: [{ ...owner, uid: "x" }] }),
    {},
    "node a UID mismatch: expected x got u",
  ],
  [
    "/pods",
    mirror({ volumes: [{ name: "v", secret: { secretName: "s" } }] }),
    {},
    'node "a" can not create pods that reference secrets',
  ],
  [
    "/nodes",
    { metadata: { name: "b" } },
    {},
    'node "a" is not allowed to modify node "b"',
  ],
  [
    "/nodes",
    node({ labels: { "node-restriction.kubernetes.io/x": "1", "x.k8s.io/role": "1" } }),
    {},
    'node "a" is not allowed to set the following labels: node-restriction.kubernetes.io/x, x.k8s.io/role',
  ],
  [
    "/nodes",
    node({}, { taints: [] }),
    update(node({}, { taints: [{ key: "k", effect: "NoSchedule" }] })),
    'node "a" is not allowed to modify taints',
  ],
  [
    "/nodes",
    node({ ownerReferences: [owner] }),
    update(node()),
    'node "a" is not allowed to modify ownerReferences',
  ],
  [
    "/serviceaccounts/token",
    token({}),
    {},
    "node requested token with a pod binding without a uid",
  ],
  [
    "/serviceaccounts/token",
    token({ kind: "Secret" }),
    {},
    "node requested token not bound to a pod",
  ],
  [
    "/serviceaccounts/token",
    token({ uid: "pod-1" }, ["vault"]),
    {},
    'audience "vault" not found in pod spec volume',
  ],
  [
    "coordination.k8s.io/leases",
    { metadata: { name: "b" } },
    { namespace: "kube-node-lease" },
    "can only access node lease with the same name as the requesting node",
  ],
];
for (const [kind, object, more, why] of refused) {
  Deno.test(`NodeRestriction refuses: ${why}`, async () => {
    const harness = world();
    const attributes = harness.attributes(kind, object, { user, ...more });
    const message = await harness.refusal(nodeRestriction(harness.dependencies), attributes);
    assert.equal(message.slice(message.indexOf("forbidden: ") + 11), why);
  });
}

for (
  const [kind, object, more, why] of [
    [
      "/pods",
      undefined,
      { operation: "DELETE", name: "p" },
      'node "a" can only delete pods with spec.nodeName set to itself',
    ],
    [
      "/pods/eviction",
      { metadata: { name: "p" } },
      {},
      "node a can only evict pods with spec.nodeName set to itself",
    ],
    [
      "/pods/status",
      bound("b"),
      update(bound("b")),
      'node "a" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      "/serviceaccounts/token",
      token({ uid: "pod-1" }),
      {},
      "node requested token bound to a pod scheduled on a different node",
    ],
  ] as const
) {
  Deno.test(`NodeRestriction refuses for a pod of another node: ${why}`, async () => {
    const harness = world("b");
    const attributes = harness.attributes(kind, object, { user, ...more });
    const message = await harness.refusal(nodeRestriction(harness.dependencies), attributes);
    assert.equal(message.slice(message.indexOf("forbidden: ") + 11), why);
  });
}
