import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import { podContainers } from "./pod_containers.ts";

/** An object that a pod is made of. */
export interface ReferencedObject {
  readonly kind: "configmaps" | "secrets";
  readonly namespace: string;
  readonly name: string;
}

/** Every ConfigMap and Secret that the pod's volumes, environments and pulls refer to, each once. */
export function referencedObjects(pod: Pod): ReferencedObject[] {
  const namespace = pod.metadata.namespace ?? "";
  const found = new Map<string, ReferencedObject>();
  const add = (kind: ReferencedObject["kind"], name: string | undefined) => {
    if (name) found.set(`${kind}/${name}`, { kind, namespace, name });
  };
  for (const { configMap, secret, projected } of pod.spec?.volumes ?? []) {
    add("configmaps", configMap?.name);
    add("secrets", secret?.secretName);
    for (const source of projected?.sources ?? []) {
      add("configmaps", source.configMap?.name);
      add("secrets", source.secret?.name);
    }
  }
  for (const { container } of podContainers(pod)) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      add("configmaps", configMapRef?.name);
      add("secrets", secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      add("configmaps", valueFrom?.configMapKeyRef?.name);
      add("secrets", valueFrom?.secretKeyRef?.name);
    }
  }
  for (const { name } of pod.spec?.imagePullSecrets ?? []) add("secrets", name);
  return [...found.values()];
}
