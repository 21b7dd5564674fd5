import assert from "node:assert/strict";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { RequestInfo, UserInfo } from "../server/request_context.ts";
import { nodeAuthorizer } from "./node.ts";
import { NodeGraph } from "./node_graph.ts";

const user = (node: string): UserInfo => ({
  name: `system:node:${node}`,
  groups: ["system:nodes"],
});
const meta = (name: string, more: object = {}) => ({ metadata: { name, namespace: "n", ...more } });

function pod(name: string, nodeName: string, more: object = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    ...meta(name, more),
    ...{
      spec: {
        nodeName,
        serviceAccountName: "sa",
        containers: [{
          name: "c",
          env: [{ name: "E", valueFrom: { secretKeyRef: { name: "env", key: "k" } } }],
          envFrom: [{ configMapRef: { name: "from" } }],
        }],
        imagePullSecrets: [{ name: "pull" }],
        volumes: [
          { name: "a", secret: { secretName: "volume" } },
          { name: "b", projected: { sources: [{ configMap: { name: "projected" } }] } },
          { name: "c", persistentVolumeClaim: { claimName: "claim" } },
          { name: "scratch", ephemeral: {} },
        ],
      },
    },
  };
}
const volume: KubeObject = {
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name: "pv" },
  ...{
    spec: {
      claimRef: { namespace: "n", name: "claim" },
      csi: { driver: "d", nodeStageSecretRef: { namespace: "secrets", name: "stage" } },
    },
  },
};
const attachment: KubeObject = {
  apiVersion: "storage.k8s.io/v1",
  kind: "VolumeAttachment",
  metadata: { name: "va" },
  ...{ spec: { nodeName: "a" } },
};

function graph(): NodeGraph {
  const made = new NodeGraph();
  for (const object of [pod("p", "a"), volume, attachment]) made.change(object);
  return made;
}
/** `get secrets env`, `create serviceaccounts/token sa`, with the namespace n for all but what follows `@`. */
function request(text: string, more: Partial<RequestInfo> = {}): RequestInfo {
  const [verb = "", what = "", where = ""] = text.split(" ");
  const [path = "", group = ""] = what.split("@");
  const [resource = "", subresource = ""] = path.split("/");
  const [name = "", namespace = "n"] = where.split("@");
  const base = { isResource: true, path: "", version: "v1", rest: "" };
  return { ...base, verb, group, resource, subresource, namespace, name, ...more };
}
const rules = [{ verbs: ["get", "list", "watch"], apiGroups: [""], resources: ["services"] }];
const decide = (info: RequestInfo, node = "a", known = graph()) =>
  nodeAuthorizer(known, rules).authorize(user(node), info) as { decision: string; reason?: string };

for (
  const text of [
    "get secrets env",
    "get secrets volume",
    "watch secrets pull",
    "get secrets stage@secrets",
    "get configmaps from",
    "list configmaps projected",
    "get persistentvolumeclaims claim",
    "get persistentvolumeclaims p-scratch",
    "patch persistentvolumeclaims/status claim",
    "get persistentvolumes pv@",
    "get volumeattachments@storage.k8s.io va@",
    "create serviceaccounts/token sa",
    "get nodes a@",
    "watch nodes a@",
    "patch nodes/status a@",
    "create nodes @",
    "get pods p",
    "delete pods other",
    "create pods/eviction other",
    "update leases@coordination.k8s.io a@kube-node-lease",
    "get csinodes@storage.k8s.io a@",
    "list services @",
  ]
) {
  Deno.test(`nodeAuthorizer() lets a node ${text}`, () => {
    assert.equal(decide(request(text)).decision, "Allow");
  });
}

const unrelated = "no relationship found between node 'b' and this object";
for (
  const [text, reason] of [
    ["get secrets env", unrelated],
    ["get secrets stage@secrets", unrelated],
    ["get persistentvolumes pv@", unrelated],
    ["get volumeattachments@storage.k8s.io va@", unrelated],
    ["create serviceaccounts/token sa", unrelated],
    ["get pods p", unrelated],
    ["list secrets ", "No Object name found"],
    ["list secrets @", "can only read namespaced object of this type"],
    ["update secrets env", "can only read resources of this type"],
    ["get nodes a@", "node 'b' cannot read 'a', only its own Node object"],
    ["list nodes @", "node 'b' cannot read all nodes, only its own Node object"],
    ["list pods @", "can only list/watch pods with spec.nodeName field selector"],
    [
      "update leases@coordination.k8s.io a@kube-node-lease",
      "can only access node lease with the same name as the requesting node",
    ],
    [
      "update leases@coordination.k8s.io b@default",
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    ["create services x", undefined],
  ] as const
) {
  Deno.test(`nodeAuthorizer() does not let another node ${text}`, () => {
    const { decision, ...rest } = decide(request(text), "b");
    assert.equal(decision, "NoOpinion");
    assert.equal(rest.reason, reason);
  });
}

Deno.test("nodeAuthorizer() lets a node list its own pods by field selector", () => {
  const list = (fieldSelector: string) =>
    decide(request("list pods @", { fieldSelector })).decision;
  assert.equal(list("spec.nodeName=a"), "Allow");
  assert.equal(list("status.phase!=Failed,spec.nodeName=a"), "Allow");
  assert.equal(list("spec.nodeName=ab"), "NoOpinion");
  assert.equal(list("spec.nodeName!=a"), "NoOpinion");
});

Deno.test("nodeAuthorizer() has no opinion on other users", () => {
  const impostor = { name: "system:node:a", groups: ["system:authenticated"] };
  const answer = nodeAuthorizer(graph(), rules).authorize(impostor, request("get secrets env"));
  assert.deepEqual(answer, { decision: "NoOpinion" });
});

Deno.test("NodeGraph takes a right away with the last pod that needs it", () => {
  const known = graph();
  const second = pod("second", "a");
  known.change(second);
  known.change(undefined, pod("p", "a"));
  assert.equal(decide(request("get secrets env"), "a", known).decision, "Allow");
  known.change(undefined, second);
  assert.equal(decide(request("get secrets env"), "a", known).decision, "NoOpinion");
  assert.equal(decide(request("get persistentvolumes pv@"), "a", known).decision, "NoOpinion");
});

Deno.test("NodeGraph goes by the pod as it is now, and not by what a node says of itself", () => {
  const known = graph();
  const changed = { ...pod("p", "a"), spec: { nodeName: "a", containers: [] } } as KubeObject;
  known.change(changed, pod("p", "a"));
  assert.equal(decide(request("get secrets env"), "a", known).decision, "NoOpinion");
  assert.equal(decide(request("get pods p"), "a", known).decision, "Allow");
  known.change(pod("m", "b", { annotations: { "kubernetes.io/config.mirror": "x" } }));
  assert.equal(decide(request("get secrets env"), "b", known).decision, "NoOpinion");
});

Deno.test("nodeAuthorizer() lets a node wait until what there was at the start is counted", async () => {
  const known = new NodeGraph();
  const loaded = Promise.withResolvers<void>();
  known.load(loaded.promise);
  const info = request("get pods pod");
  const answer = nodeAuthorizer(known, rules).authorize(user("a"), info);
  assert.ok(answer instanceof Promise);
  known.change({
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name: "pod", namespace: "n" },
    spec: { nodeName: "a", containers: [] },
  } as KubeObject);
  loaded.resolve();
  assert.equal((await answer).decision, "Allow");
  assert.equal(decide(info, "a", known).decision, "Allow");
});
