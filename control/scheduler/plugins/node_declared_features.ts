import type { Container, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { type Plugin, skip, success, unresolvable } from "../framework.ts";

const lacking = unresolvable("node(s) didn't match Pod's required features");

/** Keeps pods off nodes that do not declare a feature the pod is made with (KEP-5328). */
export function nodeDeclaredFeatures(): Plugin<readonly string[]> {
  return {
    name: "NodeDeclaredFeatures",
    preFilter({ pod }) {
      const features = requiredFeatures(pod);
      return features.length === 0 ? skip : { code: "Success", state: features };
    },
    filter(_pod, { node }, features) {
      const declared = node?.status?.declaredFeatures ?? [];
      return features.every((feature) => declared.includes(feature)) ? success : lacking;
    },
    wakeOn: { NodeAdd: () => true, NodeDeclaredFeatures: () => true },
  };
}

/** The features without which a node would not run the pod as it asks. */
function requiredFeatures({ spec }: Pod): readonly string[] {
  if (!spec) return [];
  const containers: readonly Container[] = [...spec.containers, ...spec.initContainers ?? []];
  const features: string[] = [];
  const restartsAll = containers.some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === "RestartAllContainers")
  );
  if (restartsAll) features.push("RestartAllContainersOnContainerExits");
  if (spec.hostNetwork && spec.hostUsers === false) {
    features.push("UserNamespacesHostNetworkSupport");
  }
  const mounting = [...containers, ...spec.ephemeralContainers ?? []];
  const hasOptions = mounting.some(({ volumeMounts }) =>
    volumeMounts?.some(({ bindMountOptions }) => bindMountOptions?.length)
  );
  if (hasOptions) features.push("VolumeBindMountOptions");
  return features;
}
