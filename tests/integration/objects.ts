import type { DaemonSet, Deployment } from "../../shared/api/apps/v1/types.gen.ts";
import type { Job } from "../../shared/api/batch/v1/types.gen.ts";
import type { Namespace, Pod, PodSpec, Service } from "../../shared/api/core/v1/types.gen.ts";

/** What a pod of these tests asks of its node. */
export interface PodOptions {
  readonly image?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly cpu?: string;
  readonly spec?: Partial<PodSpec>;
}

export function namespaceOf(name: string): Namespace {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

/** Metadata and spec of a pod labelled `app: <app>`. */
export function templateOf(app: string, options: PodOptions = {}) {
  const { image = "web:1", labels, annotations, cpu, spec } = options;
  return {
    metadata: { labels: { app, ...labels }, ...(annotations && { annotations }) },
    spec: {
      containers: [{ name: "c", image, ...(cpu && { resources: { requests: { cpu } } }) }],
      ...spec,
    },
  };
}

export function podOf(name: string, options: PodOptions = {}): Pod {
  const { metadata, spec } = templateOf(name, options);
  return { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name }, spec };
}

export function deploymentOf(
  name: string,
  replicas: number,
  options: PodOptions & { readonly more?: Partial<Deployment["spec"]> } = {},
): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: templateOf(name, options),
      ...options.more,
    },
  };
}

export function daemonSetOf(name: string, options: PodOptions = {}): DaemonSet {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: templateOf(name, options) },
  };
}

export function jobOf(
  name: string,
  spec: Partial<Job["spec"]>,
  annotations: Record<string, string>,
): Job {
  const template = templateOf(name, { annotations, spec: { restartPolicy: "Never" } });
  return { apiVersion: "batch/v1", kind: "Job", metadata: { name }, spec: { ...spec, template } };
}

export function serviceOf(name: string, app: string): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}
