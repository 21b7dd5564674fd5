import type { Ingress, IngressClass } from "../../../shared/api/networking/v1/types.gen.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { newest } from "./default_storage_class.ts";

const GROUP = "networking.k8s.io";
const DEFAULT = "ingressclass.kubernetes.io/is-default-class";
const OLD_CLASS = "kubernetes.io/ingress.class";

/** Gives ingresses that name no class the default one. */
export function defaultIngressClass({ reader }: PluginDependencies): AdmissionPlugin {
  return {
    name: "DefaultIngressClass",
    handles: ({ kind, operation, subresource }) =>
      kind.group === GROUP && kind.plural === "ingresses" && operation === "CREATE" &&
      subresource === "",
    admit({ object }) {
      const ingress = object as Ingress;
      if (ingress.spec?.ingressClassName !== undefined) return;
      if (ingress.metadata.annotations?.[OLD_CLASS] !== undefined) return;
      const defaults = reader.list<IngressClass>(GROUP, "ingressclasses")
        .filter(({ metadata }) => metadata.annotations?.[DEFAULT] === "true");
      const name = newest(defaults)?.metadata.name;
      if (name !== undefined) (ingress.spec ??= {}).ingressClassName = name;
    },
  };
}
