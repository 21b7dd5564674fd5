import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { type ContainerState, labelNames } from "../runtime/runtime_service.ts";
import { stopContainer } from "./container_actions.ts";
import { renderHosts, renderResolvConf } from "./name_resolution.ts";
import type { NodeContext } from "./node_context.ts";
import { podContainers, uidOf } from "./pod_containers.ts";
import { podDir } from "./pod_paths.ts";
import type { Sandbox } from "./sandbox.ts";

export interface StopPodRequest {
  readonly pod: Pod;
  readonly containers: readonly ContainerState[];
  readonly podIp: string;
  /** For all of them together. */
  readonly graceMs: number;
}

/** Ends every container: apps first, then sidecars in reverse order, all within one grace period. */
export async function stopPod(request: StopPodRequest, node: NodeContext): Promise<void> {
  const { pod, podIp, graceMs } = request;
  const all = podContainers(pod);
  const running = request.containers.filter(({ state }) => state === "running").map((state) => {
    const name = state.labels[labelNames.containerName] ?? "";
    return { state, name, one: all.find(({ container }) => container.name === name) };
  });
  const deadline = node.clock.monotonic() + graceMs;
  const stop = ({ state, name, one }: (typeof running)[number]) =>
    stopContainer({
      pod,
      state,
      container: one?.container,
      podIp,
      graceMs: Math.max(0, deadline - node.clock.monotonic()),
      message: `Stopping container ${name}`,
    }, node);
  await Promise.all(running.filter(({ one }) => one?.type !== "sidecar").map(stop));
  for (const { container, type } of all.toReversed()) {
    const sidecar = type === "sidecar" && running.find(({ name }) => name === container.name);
    if (sidecar) await stop(sidecar);
  }
}

/**
 * Writes the name files that every container mounts, where they are missing: a file that is mounted must not be
 * replaced. They go with the sandbox.
 */
export async function writeNames(pod: Pod, sandbox: Sandbox, node: NodeContext): Promise<void> {
  const { files } = node;
  const directory = podDir(node.paths, uidOf(pod));
  const missing = async (name: string) => await files.stat(`${directory}/${name}`) === undefined;
  if (!await missing("etc-hosts") && !await missing("resolv.conf")) return;
  const names = await node.names();
  const hosts = renderHosts(pod, sandbox.ips, names);
  if (await missing("etc-hosts")) {
    await files.write(`${directory}/etc-hosts`, hosts, { mode: 0o644 });
  }
  const resolv = renderResolvConf(pod, names);
  if (await missing("resolv.conf")) {
    await files.write(`${directory}/resolv.conf`, resolv, { mode: 0o644 });
  }
}

/** Tells the API that nothing of a deleted pod is left. Fine if it is gone there. */
export async function deleteFromApi(pod: Pod, { client }: NodeContext): Promise<void> {
  const { namespace, name = "", uid } = pod.metadata;
  const options = { gracePeriodSeconds: 0, preconditions: { uid } };
  try {
    await client.delete(resources.pods, { namespace, name }, options);
  } catch (error) {
    // Gone, or another pod of that name: either way ours is.
    if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
  }
}
