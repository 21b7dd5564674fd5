import { resources } from "../../shared/client/resources.gen.ts";
import { isBeingDeleted } from "../../shared/meta/object_meta.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { type ControllerDefinition, done } from "./controller.ts";
import { isNamespaceTerminating } from "./pods/pod_control.ts";

const NAME = "default";

/** Sees to it that every namespace has the service account `default`, which pods get that ask for none. */
export const serviceAccountController: ControllerDefinition = {
  name: "serviceaccount",
  account: "service-account-controller",
  setup({ client, informers, enqueue }) {
    const namespaces = informers.of(resources.namespaces);
    const accounts = informers.of(resources.serviceaccounts);
    namespaces.onChange((namespace) => namespace && enqueue(namespace.metadata.name!));
    accounts.onChange((account, previous) => {
      if (!account && previous!.metadata.name === NAME) enqueue(previous!.metadata.namespace!);
    });
    return async (key) => {
      const namespace = namespaces.get(key);
      if (!namespace || isBeingDeleted(namespace) || accounts.get(`${key}/${NAME}`)) return done;
      try {
        await client.create(resources.serviceaccounts, {
          kind: "ServiceAccount",
          apiVersion: "v1",
          metadata: { namespace: key, name: NAME },
        });
      } catch (error) {
        if (!isStatus(error, "AlreadyExists") && !isNamespaceTerminating(error)) throw error;
      }
      return done;
    };
  },
};
