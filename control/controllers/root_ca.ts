import { isDeepStrictEqual } from "node:util";
import type { ConfigMap } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { isBeingDeleted } from "../../shared/meta/object_meta.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { type ControllerDefinition, done } from "./controller.ts";
import { isNamespaceTerminating } from "./pods/pod_control.ts";

const NAME = "kube-root-ca.crt";
const DESCRIPTION = "kubernetes.io/description";
/** As clusters made by others say it, so that tools which compare the object find no difference. */
const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints " +
  "such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across " +
  "distributions of Kubernetes clusters.";

/** Puts the cluster's CA into the ConfigMap `kube-root-ca.crt` of every namespace, where pods mount it from. */
export const rootCaController: ControllerDefinition = {
  name: "root-ca-certificate-publisher",
  account: "root-ca-cert-publisher",
  setup({ client, informers, config, enqueue }) {
    const namespaces = informers.of(resources.namespaces);
    const configMaps = informers.of(resources.configmaps, {
      fieldSelector: `metadata.name=${NAME}`,
    });
    namespaces.onChange((namespace) => namespace && enqueue(namespace.metadata.name!));
    configMaps.onChange((now, previous) => enqueue((now ?? previous)!.metadata.namespace!));
    return async (key) => {
      const namespace = namespaces.get(key);
      if (!namespace || isBeingDeleted(namespace)) return done;
      const known = configMaps.get(`${key}/${NAME}`);
      const wanted = wantedConfigMap(key, config.caBundle, known);
      if (known && isDeepStrictEqual(known, wanted)) return done;
      try {
        await (known
          ? client.update(resources.configmaps, wanted)
          : client.create(resources.configmaps, wanted));
      } catch (error) {
        if (!isStatus(error, "AlreadyExists") && !isNamespaceTerminating(error)) throw error;
      }
      return done;
    };
  },
};

function wantedConfigMap(
  namespace: string,
  caBundle: string,
  known: ConfigMap | undefined,
): ConfigMap {
  return {
    ...(known ?? { kind: "ConfigMap", apiVersion: "v1" }),
    metadata: {
      ...(known?.metadata ?? { namespace, name: NAME }),
      annotations: { ...known?.metadata.annotations, [DESCRIPTION]: description },
    },
    data: { "ca.crt": caBundle },
  };
}
