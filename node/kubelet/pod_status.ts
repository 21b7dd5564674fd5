import type { ContainerStatus, Pod, PodStatus } from "../../shared/api/core/v1/types.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import type { ContainerState } from "../runtime/runtime_service.ts";
import { containerStatus } from "./container_status.ts";
import { podConditions } from "./pod_conditions.ts";
import { type PodContainer, podContainers, runsOf } from "./pod_containers.ts";
import { phaseOf } from "./pod_phase.ts";
import { qosClassOf } from "../../shared/api/core/v1/qos_class.ts";
import type { Sandbox } from "./sandbox.ts";
import type { WaitingReason } from "./sync_pod.ts";

/** A pod's end that its containers do not tell: it overran its deadline, was evicted, or did not fit. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

export interface PodStatusInput {
  readonly pod: Pod;
  readonly containers: readonly ContainerState[];
  readonly sandbox: Sandbox | undefined;
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  readonly failure: PodFailure | undefined;
  /** Everything has been stopped for good. */
  readonly isTerminal: boolean;
  readonly nodeIps: readonly string[];
  readonly runtimeName: string;
  readonly now: number;
  isReady(id: string): boolean;
  isStarted(id: string): boolean;
  imageIdOf(state: ContainerState): string;
  messageOf(state: ContainerState): string;
}

/** The status that the node reports for a pod. Pure. */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, failure, now, sandbox } = input;
  const all = podContainers(pod).map((one) => [one, statusOf(one, input)] as const);
  const of = (...types: PodContainer["type"][]) =>
    all.filter(([{ type }]) => types.includes(type)).map(([, status]) => status);
  const [init, app, ephemeral] = [of("init", "sidecar"), of("app"), of("ephemeral")];
  // What has failed or succeeded never does anything else again.
  const settled = ["Failed", "Succeeded"].find((one) => one === pod.status?.phase);
  const phase = failure ? "Failed" : settled as "Failed" | "Succeeded" | undefined ??
    phaseOf(pod, { init, app }, input.isTerminal);
  const over = phase === "Failed" || phase === "Succeeded";
  return {
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase,
    ...(failure && { reason: failure.reason, message: failure.message }),
    conditions: podConditions({
      pod,
      phase,
      init,
      app,
      sandboxReady: sandbox !== undefined && !(over && input.isTerminal),
      now: timestamp(now),
    }),
    ...addresses(input),
    startTime: pod.status?.startTime ?? timestamp(now),
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: app,
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
  };
}

function addresses({ pod, sandbox, nodeIps }: PodStatusInput): Partial<PodStatus> {
  const own = pod.spec?.hostNetwork && sandbox ? nodeIps : sandbox?.ips;
  const podIps = own ?? (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  return {
    ...(nodeIps[0] && { hostIP: nodeIps[0], hostIPs: nodeIps.map((ip) => ({ ip })) }),
    ...(podIps[0] && { podIP: podIps[0], podIPs: podIps.map((ip) => ({ ip })) }),
  };
}

function statusOf(one: PodContainer, input: PodStatusInput): ContainerStatus {
  const { pod, containers } = input;
  const { name } = one.container;
  const runs = runsOf(containers, name);
  const [newest] = runs;
  const running = newest?.state === "running";
  const previous = [
    ...pod.status?.initContainerStatuses ?? [],
    ...pod.status?.containerStatuses ?? [],
    ...pod.status?.ephemeralContainerStatuses ?? [],
  ].find((status) => status.name === name);
  const hasInit = (pod.spec?.initContainers ?? []).length > 0;
  const started = running && input.isStarted(newest.id) && !input.waiting.has(name);
  return containerStatus({
    one,
    runs,
    previous,
    waiting: input.waiting.get(name),
    defaultReason: hasInit ? "PodInitializing" : "ContainerCreating",
    ready: readyOf(one, newest, started && input.isReady(newest.id)),
    // An init container that has ended is neither started nor waiting to be.
    started: started,
    runtimeName: input.runtimeName,
    imageIdOf: input.imageIdOf,
    messageOf: input.messageOf,
    isTerminal: input.isTerminal,
  });
}

/** For an init container "ready" means done. */
function readyOf(one: PodContainer, newest: ContainerState | undefined, probed: boolean): boolean {
  if (one.type === "ephemeral") return false;
  if (one.type === "init") return newest?.state === "exited" && newest.exitCode === 0;
  return probed;
}
