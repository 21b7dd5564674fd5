import { resources } from "../../../shared/client/resources.gen.ts";
import { OwnWrites } from "../../../shared/informer/own_writes.ts";
import { isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import type { EndpointSlice } from "../../../shared/api/discovery/v1/types.gen.ts";
import type { Service } from "../../../shared/api/core/v1/types.gen.ts";
import { type ControllerContext, type ControllerDefinition, done } from "../controller.ts";
import { isNamespaceTerminating } from "../pods/pod_control.ts";
import { enqueueServices, selectorOf } from "./service_pods.ts";
import { MANAGED_BY, MANAGER, planSlices, SERVICE_NAME, type SlicePlan } from "./slice_plan.ts";

const ZONE = "topology.kubernetes.io/zone";

/** Lists the pods behind each Service with a selector, and how they are, in EndpointSlices. */
export const endpointSliceController: ControllerDefinition = {
  name: "endpointslice",
  account: "endpointslice-controller",
  workers: 5,
  setup(context) {
    const { informers, enqueue } = context;
    const services = informers.of(resources.services);
    const pods = informers.of(resources.pods);
    const nodes = informers.of(resources.nodes);
    const slices = informers.of(resources.endpointslices, {
      labelSelector: `${MANAGED_BY}=${MANAGER}`,
    });
    slices.addIndex("service", ({ metadata }) => [serviceKeyOf(metadata)]);
    enqueueServices(services, pods, enqueue);
    slices.onChange((slice, previous) => enqueue(serviceKeyOf((slice ?? previous)!.metadata)));
    nodes.onChange((node, previous) => {
      if (node?.metadata.labels?.[ZONE] === previous?.metadata.labels?.[ZONE]) return;
      for (const { metadata } of services.list()) enqueue(`${metadata.namespace}/${metadata.name}`);
    });
    const writes = new OwnWrites(slices);
    return async (key) => {
      const service = services.get(key);
      const selector = service && selectorOf(service);
      if (!service || !selector || isBeingDeleted(service)) return done;
      const isMine = ({ metadata }: EndpointSlice) => serviceKeyOf(metadata) === key;
      const existing = writes.overlay(slices.byIndex("service", key), isMine)
        .filter((slice) => !writes.isGoing(slice));
      const selected = pods.list(service.metadata.namespace)
        .filter(({ metadata }) => selector.matches(metadata.labels));
      const zoneOf = (node: string) => nodes.get(node)?.metadata.labels?.[ZONE];
      const plan = planSlices(service, selected, { existing, zoneOf });
      await carryOut(plan, service, { context, writes });
      return done;
    };
  },
};

function serviceKeyOf(
  metadata: { namespace?: string | undefined; labels?: Record<string, string> | undefined },
): string {
  return `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME]}`;
}

/** New and changed first: an endpoint that moves between slices must not be missing in between. */
async function carryOut(
  plan: SlicePlan,
  service: Service,
  { context, writes }: { context: ControllerContext; writes: OwnWrites<EndpointSlice> },
): Promise<void> {
  const { client, events } = context;
  try {
    for (const slice of plan.create) {
      writes.wrote(await client.create(resources.endpointslices, slice));
    }
    for (const slice of plan.update) {
      writes.wrote(await client.update(resources.endpointslices, slice));
    }
    for (const slice of plan.delete) {
      const { namespace, name = "" } = slice.metadata;
      await client.delete(resources.endpointslices, { namespace, name }).catch((error) => {
        if (!isStatus(error, "NotFound")) throw error;
      });
      writes.deleted(slice);
    }
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    if (!isStatus(error, "Conflict")) {
      const { namespace, name } = service.metadata;
      const text = error instanceof Error ? error.message : String(error);
      const message = `Error updating Endpoint Slices for Service ${namespace}/${name}: ${text}`;
      events.event(service, "Warning", "FailedToUpdateEndpointSlices", message);
    }
    throw error;
  }
}
