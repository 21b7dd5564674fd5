import type { Binding, Node, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin } from "../plugin.ts";

const copied = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/** Tells a pod where its node is: zone and region become labels of the pod when it is bound (KEP-4742). */
export function podTopologyLabels({ reader }: PluginDependencies): AdmissionPlugin {
  return {
    name: "PodTopologyLabels",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "" && kind.plural === "pods" && operation === "CREATE" &&
      (subresource === "" || subresource === "binding"),
    admit({ object, subresource }) {
      const target = subresource === "binding"
        ? (object as Binding).target?.name
        : (object as Pod).spec?.nodeName;
      if (!target) return;
      const labels = reader.get<Node>("", "nodes", "", target)?.metadata.labels;
      for (const key of copied) {
        const value = labels?.[key];
        if (value !== undefined) (object!.metadata.labels ??= {})[key] = value;
      }
    },
  };
}
