import type { Pod, PodTemplateSpec } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { controllerReferenceTo } from "../../../shared/meta/object_meta.ts";

/** A pod as `owner`'s template asks for it, not yet named unless `name` is given. */
export function podFromTemplate(
  owner: KubeObject,
  template: PodTemplateSpec,
  name?: string,
): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      ...(name === undefined ? { generateName: `${owner.metadata.name}-` } : { name }),
      namespace: owner.metadata.namespace,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [controllerReferenceTo(owner)],
    },
    ...(template.spec && { spec: template.spec }),
  };
}
