import type { Container, Pod } from "../../shared/api/core/v1/types.gen.ts";
import { type ContainerState, RuntimeError } from "../runtime/runtime_service.ts";
import type { PodVolumes } from "../volumes/volume_manager.ts";
import { containerConfig } from "./container_config.ts";
import { ContainerConfigError, containerEnvironment } from "./environment.ts";
import { runHook } from "./lifecycle.ts";
import type { NodeContext } from "./node_context.ts";
import { podContainers, uidOf } from "./pod_containers.ts";
import { containerLogPath, terminationMessageFile } from "./pod_paths.ts";
import type { Sandbox } from "./sandbox.ts";
import { StartError } from "./start_error.ts";
import type { PlannedStart } from "./sync_pod.ts";

export interface StartRequest {
  readonly pod: Pod;
  readonly start: PlannedStart;
  readonly sandbox: Sandbox;
  readonly volumes: PodVolumes;
  readonly pidNamespace?: string;
  readonly signal: AbortSignal;
}

/** Starts one run of a container, and says so in events. Rejects with StartError; what was made is left to be seen. */
export async function startContainer(request: StartRequest, node: NodeContext): Promise<void> {
  const { pod, start: { container }, signal } = request;
  const fieldPath = fieldPathOf(pod, container);
  const say = (type: "Normal" | "Warning", reason: string, message: string) =>
    node.events.event(pod, type, reason, message, { fieldPath });
  const image = await node.images.ensure(pod, container, signal);
  const id = await create(request, node, image).catch((error) => {
    const failure = error instanceof StartError ? error : failureOf(error, "CreateContainerError");
    say("Warning", "Failed", `Error: ${failure.message}`);
    throw failure;
  });
  say("Normal", "Created", "Container created");
  await node.runtime.start(id).catch((error) => {
    const failure = failureOf(error, "RunContainerError");
    say("Warning", "Failed", `Error: ${failure.message}`);
    throw failure;
  });
  say("Normal", "Started", "Container started");
  await postStart(request, node, id);
}

async function create(
  request: StartRequest,
  node: NodeContext,
  image: Awaited<ReturnType<NodeContext["images"]["ensure"]>>,
): Promise<string> {
  const { pod, start, sandbox } = request;
  const { container, attempt } = start;
  const env = await environmentOf(request, node);
  const config = await containerConfig({
    pod,
    start,
    sandbox,
    image,
    env,
    volumes: request.volumes.byName,
    paths: node.paths,
    files: node.files,
    clusterDomain: (await node.names()).clusterDomain,
    nodeMemoryBytes: node.nodeMemoryBytes,
    seccompDir: node.seccompDir,
    ...(request.pidNamespace && { pidNamespace: request.pidNamespace }),
  }).catch((error) => {
    throw failureOf(error, "CreateContainerConfigError");
  });
  const run = { container: container.name, attempt };
  const message = terminationMessageFile(node.paths, uidOf(pod), run);
  await node.files.makeDirectory(parentOf(message));
  await node.files.write(message, "", { mode: 0o666 });
  await node.files.makeDirectory(parentOf(containerLogPath(node.paths, pod, run)));
  return await node.runtime.create(config);
}

async function environmentOf({ pod, start, sandbox }: StartRequest, node: NodeContext) {
  const ips = pod.spec?.hostNetwork ? node.nodeIps : sandbox.ips;
  const [hostIP] = node.nodeIps;
  // Fields of the status are asked for before the API has them.
  const status = {
    ...pod.status,
    ...(hostIP && { hostIP, hostIPs: node.nodeIps.map((ip) => ({ ip })) }),
    ...(ips[0] && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
  };
  const links = pod.spec?.enableServiceLinks ?? true;
  try {
    const services = await node.servicesFor(pod.metadata.namespace ?? "", links);
    return await containerEnvironment({ ...pod, status }, start.container, {
      objects: node.objects,
      allocatable: node.allocatable,
      services,
    });
  } catch (error) {
    throw failureOf(error, "CreateContainerConfigError");
  }
}

async function postStart(request: StartRequest, node: NodeContext, id: string): Promise<void> {
  const { pod, start: { container }, sandbox, signal } = request;
  const handler = container.lifecycle?.postStart;
  if (!handler) return;
  const podIp = sandbox.ips[0] ?? node.nodeIps[0] ?? "";
  const target = { container, containerId: id, podIp, timeoutMs: 600_000 };
  const hook = runHook(handler, target, node);
  hook.catch(() => {}); // After an abort nobody waits for it any more.
  await Promise.race([hook, aborted(signal)]).catch(async (error) => {
    if (signal.aborted) throw error;
    const fieldPath = fieldPathOf(pod, container);
    node.events.event(pod, "Warning", "FailedPostStartHook", "PostStartHook failed", { fieldPath });
    const killing = `FailedPostStartHook`;
    node.events.event(pod, "Normal", "Killing", killing, { fieldPath });
    await node.runtime.stop(id, graceMsOf(pod));
    throw new StartError("PostStartHookError", error instanceof Error ? error.message : "");
  });
}

export interface StopRequest {
  readonly pod: Pod;
  readonly state: ContainerState;
  /** As the pod's spec has it; absent if it no longer does. */
  readonly container: Container | undefined;
  readonly podIp: string;
  readonly graceMs: number;
  readonly message: string;
}

/** Runs the preStop hook, then ends the container; both within the grace period. */
export async function stopContainer(request: StopRequest, node: NodeContext): Promise<void> {
  const { pod, state, container, graceMs } = request;
  const options = container && { fieldPath: fieldPathOf(pod, container) };
  node.events.event(pod, "Normal", "Killing", request.message, options);
  const began = node.clock.monotonic();
  const handler = container?.lifecycle?.preStop;
  if (container && handler && graceMs > 0) {
    const target = { container, containerId: state.id, podIp: request.podIp, timeoutMs: graceMs };
    // A hook that overruns or fails does not keep the container from being stopped.
    await runHook(handler, target, node).catch(() =>
      node.events.event(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", options)
    );
  }
  const spent = node.clock.monotonic() - began;
  // Whatever the hook took, the program gets a moment to end by itself.
  const left = graceMs === 0 ? 0 : Math.max(2000, graceMs - spent);
  await node.runtime.stop(state.id, Math.min(left, Math.max(graceMs, 2000)));
}

/** The pod's own grace period. */
export function graceMsOf(pod: Pod): number {
  const seconds = pod.metadata.deletionGracePeriodSeconds ??
    pod.spec?.terminationGracePeriodSeconds ?? 30;
  return seconds * 1000;
}

/** `spec.containers{web}`: which part of the pod an event is about. */
export function fieldPathOf(pod: Pod, container: Container): string {
  const type = podContainers(pod).find((one) => one.container.name === container.name)?.type;
  const list = type === "init" || type === "sidecar"
    ? "initContainers"
    : type === "ephemeral"
    ? "ephemeralContainers"
    : "containers";
  return `spec.${list}{${container.name}}`;
}

function failureOf(error: unknown, reason: string): StartError {
  if (error instanceof StartError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const configuration = error instanceof ContainerConfigError ||
    (error instanceof RuntimeError && error.code === "NotFound");
  return new StartError(configuration ? "CreateContainerConfigError" : reason, message);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
