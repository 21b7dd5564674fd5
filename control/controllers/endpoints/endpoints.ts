import { isDeepStrictEqual } from "node:util";
import type { Endpoints, Service } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { keyOf } from "../../../shared/informer/informer.ts";
import { isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import { type ControllerDefinition, done } from "../controller.ts";
import { isNamespaceTerminating } from "../pods/pod_control.ts";
import { enqueueServices, isHeadless, selectorOf } from "./service_pods.ts";
import { subsetsOf } from "./subsets.ts";

const HEADLESS = "service.kubernetes.io/headless";
const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";

/** Lists the pods behind each Service with a selector in the Endpoints of its name, for clients of the old API. */
export const endpointsController: ControllerDefinition = {
  name: "endpoints",
  account: "endpoint-controller",
  workers: 5,
  setup({ client, informers, enqueue }) {
    const services = informers.of(resources.services);
    const pods = informers.of(resources.pods);
    const endpoints = informers.of(resources.endpoints);
    enqueueServices(services, pods, enqueue);
    endpoints.onChange((now, previous) => enqueue(keyOf((now ?? previous)!)));
    return async (key) => {
      const service = services.get(key);
      const known = endpoints.get(key);
      if (!service) {
        // Endpoints have no owner reference; without the label they are somebody else's.
        if (known?.metadata.labels?.[MANAGED_BY]) await remove(known);
        return done;
      }
      const selector = selectorOf(service);
      if (!selector || isBeingDeleted(service)) return done;
      const selected = pods.list(service.metadata.namespace)
        .filter(({ metadata }) => selector.matches(metadata.labels));
      const wanted = wantedEndpoints(service, subsetsOf(service, selected), known);
      if (known && isSame(known, wanted)) return done;
      try {
        if (known) await client.update(resources.endpoints, wanted);
        else await client.create(resources.endpoints, wanted);
      } catch (error) {
        if (!isNamespaceTerminating(error)) throw error;
      }
      return done;
    };

    async function remove({ metadata: { namespace, name = "" } }: Endpoints): Promise<void> {
      await client.delete(resources.endpoints, { namespace, name }).catch((error) => {
        if (!isStatus(error, "NotFound")) throw error;
      });
    }
  },
};

function wantedEndpoints(
  service: Service,
  { subsets, truncated }: ReturnType<typeof subsetsOf>,
  known: Endpoints | undefined,
): Endpoints {
  const { [OVER_CAPACITY]: _, ...annotations } = known?.metadata.annotations ?? {};
  if (truncated) annotations[OVER_CAPACITY] = "truncated";
  const { namespace, name } = service.metadata;
  return {
    ...(known ?? { kind: "Endpoints", apiVersion: "v1" }),
    metadata: {
      ...(known?.metadata ?? { namespace, name }),
      labels: {
        ...service.metadata.labels,
        [MANAGED_BY]: "endpoint-controller",
        ...(isHeadless(service) && { [HEADLESS]: "" }),
      },
      annotations,
    },
    subsets,
  };
}

function isSame(known: Endpoints, wanted: Endpoints): boolean {
  return isDeepStrictEqual(known.subsets ?? [], wanted.subsets) &&
    isDeepStrictEqual(known.metadata.labels, wanted.metadata.labels) &&
    isDeepStrictEqual(known.metadata.annotations ?? {}, wanted.metadata.annotations);
}
