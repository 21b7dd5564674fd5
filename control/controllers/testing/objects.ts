import type { ReplicaSet } from "../../../shared/api/apps/v1/types.gen.ts";
import type { Node, Pod, PodTemplateSpec } from "../../../shared/api/core/v1/types.gen.ts";

/** A template whose pods are labelled `app: <app>`. */
export function templateOf(app: string, image = "web:1"): PodTemplateSpec {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: "c", image }] } };
}

/** A ReplicaSet in namespace `shop` for pods labelled `app: <name>`. */
export function replicaSetOf(name: string, replicas: number): ReplicaSet {
  return {
    kind: "ReplicaSet",
    apiVersion: "apps/v1",
    metadata: { namespace: "shop", name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: templateOf(name) },
  };
}

/** A pod in namespace `shop`, labelled `app: <app>`. */
export function podOf(name: string, app: string): Pod {
  const { metadata, spec } = templateOf(app);
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { namespace: "shop", name, labels: metadata!.labels },
    spec: spec!,
  };
}

/** Makes a pod run and be ready since `time`, as a kubelet would. */
export function makeReady(pod: Pod, time: string, ip = "10.42.0.9"): void {
  pod.status = {
    phase: "Running",
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: time }],
  };
}

/** A node that is ready. */
export function nodeOf(name: string, labels: Record<string, string> = {}): Node {
  return {
    kind: "Node",
    apiVersion: "v1",
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
    spec: {},
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
}
