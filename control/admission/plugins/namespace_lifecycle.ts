import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { missing, refusal } from "../refusal.ts";

const immortal = new Set(["default", "kube-system", "kube-public"]);

/** Nothing is made in a namespace that is not there or is going; the system's own namespaces stay. */
export function namespaceLifecycle({ reader }: PluginDependencies): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    handles: ({ operation, namespace, kind, name }) =>
      operation === "DELETE"
        ? isNamespace(kind) && immortal.has(name)
        : operation !== "CONNECT" && namespace !== "" && !isNamespace(kind) &&
          kind.plural !== "localsubjectaccessreviews",
    admit(attributes) {
      const { operation, namespace } = attributes;
      if (operation === "DELETE") throw refusal(attributes, "this namespace may not be deleted");
      const found = reader.get<Namespace>("", "namespaces", "", namespace);
      if (!found) throw missing("namespaces", namespace);
      if (operation === "CREATE" && isGoing(found)) throw terminating(attributes);
    },
  };
}

function isNamespace(kind: Attributes["kind"]): boolean {
  return kind.group === "" && kind.plural === "namespaces";
}

function isGoing({ metadata, status }: Namespace): boolean {
  return metadata.deletionTimestamp !== undefined || status?.phase === "Terminating";
}

function terminating(attributes: Attributes): Error {
  const { namespace } = attributes;
  return refusal(
    attributes,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [{
      reason: "NamespaceTerminating",
      message: `namespace ${namespace} is being terminated`,
      field: "metadata.namespace",
    }],
  );
}
