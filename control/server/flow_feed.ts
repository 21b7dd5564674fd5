import type {
  FlowSchema,
  PriorityLevelConfiguration,
} from "../../shared/api/flowcontrol/v1/types.gen.ts";
import type { FlowController, FlowObjects } from "../flowcontrol/flow_controller.ts";
import { flowObjects } from "../bootstrap/standard_objects.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored } from "../registry/stored_object.ts";

const group = "flowcontrol.apiserver.k8s.io";

/** The objects without which no request could be placed. */
export function mandatoryFlows(): FlowObjects {
  const mandatory = flowObjects().filter(({ metadata }) =>
    metadata.name === "exempt" || metadata.name === "catch-all"
  );
  return {
    schemas: mandatory.filter(({ kind }) => kind === "FlowSchema") as FlowSchema[],
    levels: mandatory.filter(({ kind }) => kind !== "FlowSchema") as PriorityLevelConfiguration[],
  };
}

/** Lets the controller work by the objects that there are, until `stopping` is aborted. */
export async function runFlows(
  flows: FlowController,
  storeOf: (group: string, plural: string) => ResourceStore,
  stopping: AbortSignal,
): Promise<void> {
  await feedFlows(flows, storeOf);
  flows.run();
  stopping.addEventListener("abort", () => flows.stop(), { once: true });
}

/** Tells the controller of every change of its objects; changes made together are told together. */
async function feedFlows(
  flows: FlowController,
  storeOf: (group: string, plural: string) => ResourceStore,
): Promise<void> {
  const schemas = storeOf(group, "flowschemas");
  const levels = storeOf(group, "prioritylevelconfigurations");
  let asked = false;
  const all = (store: ResourceStore) =>
    [...store.cache.entries()].map(({ value }) => decodeStored(value));
  const configure = () => {
    asked = false;
    flows.configure({
      schemas: all(schemas) as FlowSchema[],
      levels: all(levels) as PriorityLevelConfiguration[],
    });
  };
  const events = () => {
    if (asked) return;
    asked = true;
    queueMicrotask(configure);
  };
  for (const store of [schemas, levels]) {
    await store.cache.watch({}, { events, bookmark() {}, closed() {} });
  }
}
