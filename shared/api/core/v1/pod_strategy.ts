import type { WriteContext } from "../../kind.ts";
import { fillAppArmorProfiles } from "./app_armor.ts";
import { defaultPodSpec } from "./pod_defaults.ts";
import { defaultPodLevelRequests } from "./pod_level_resources.ts";
import { qosClassOf } from "./qos_class.ts";
import type { Container, Pod, PodCondition, PodSpec, PodStatus } from "./types.gen.ts";

/** Defaults of a pod beyond those of a pod template. */
export function defaultPod(pod: Pod): void {
  const spec = pod.spec ??= {} as PodSpec;
  defaultPodSpec(spec);
  for (const container of [...spec.initContainers ?? [], ...spec.containers ?? []]) {
    defaultRequests(container);
    if (spec.hostNetwork) defaultHostPorts(container);
  }
  defaultPodLevelRequests(spec);
  spec.enableServiceLinks ??= true;
  if (pod.status) syncPodIps(pod.status);
}

/** A new pod is pending; its quality of service is decided once and for all. */
export function preparePodForCreate(pod: Pod, context: WriteContext): void {
  fillAppArmorProfiles(pod);
  pod.status = { phase: "Pending", qosClass: qosClassOf(pod) };
  if (pod.spec?.schedulingGates?.length) {
    pod.status.conditions = [gatedCondition(context.now)];
  }
}

/** The status endpoint keeps what the server decides: the deletion, the owners and the quality of service. */
export function preparePodStatusForUpdate(pod: Pod, old: Pod): void {
  const { deletionTimestamp, ownerReferences } = old.metadata;
  if (deletionTimestamp === undefined) delete pod.metadata.deletionTimestamp;
  else pod.metadata.deletionTimestamp = deletionTimestamp;
  if (ownerReferences === undefined) delete pod.metadata.ownerReferences;
  else pod.metadata.ownerReferences = structuredClone(ownerReferences);
  const status = pod.status ??= {};
  status.qosClass ||= old.status?.qosClass ?? qosClassOf(pod);
}

/** A pod that runs nowhere, or not any more, has nothing to shut down. */
export function podGracePeriodSeconds(pod: Pod, asked: number | undefined): number | undefined {
  let seconds = asked ?? pod.spec?.terminationGracePeriodSeconds ?? 0;
  const { phase } = pod.status ?? {};
  if (!pod.spec?.nodeName || phase === "Failed" || phase === "Succeeded") seconds = 0;
  return seconds < 0 ? 1 : seconds;
}

/** `podIP` is the first of `podIPs`; where they differ, it wins (old nodes know only one). */
function syncPodIps(status: PodStatus): void {
  const first = status.podIPs?.[0]?.ip;
  if (status.podIP && status.podIP !== first) status.podIPs = [{ ip: status.podIP }];
  else if (first && !status.podIP) status.podIP = first;
}

function defaultRequests(container: Container): void {
  const { limits } = container.resources ?? {};
  if (!limits || !container.resources) return;
  const requests = container.resources.requests ??= {};
  for (const [name, limit] of Object.entries(limits)) requests[name] ??= limit;
}

function defaultHostPorts(container: Container): void {
  for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
}

function gatedCondition(now: string): PodCondition {
  return {
    type: "PodScheduled",
    status: "False",
    lastTransitionTime: now,
    reason: "SchedulingGated",
    message: "Scheduling is blocked due to non-empty scheduling gates",
  };
}
