import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import { removeControlGroup } from "../host/control_group.ts";
import { type ContainerState, labelNames } from "../runtime/runtime_service.ts";
import { cgroupOf } from "./container_config.ts";
import type { NodeContext } from "./node_context.ts";
import { attemptOf, podContainers, runsOf, uidOf } from "./pod_containers.ts";
import { containerLogPath, podDir, podLogDir, terminationMessageFile } from "./pod_paths.ts";

/** How many ended runs of a container are kept beside the newest: for `lastState` and `kubectl logs --previous`. */
const KEPT_RUNS = 1;

/** Removes runs that nobody can ask about any more, with their logs. */
export async function removeOldRuns(
  node: NodeContext,
  pod: Pod,
  containers: readonly ContainerState[],
): Promise<void> {
  const names = new Set(podContainers(pod).map(({ container }) => container.name));
  for (const name of names) {
    for (const run of runsOf(containers, name).slice(1 + KEPT_RUNS)) {
      if (run.state === "running") continue;
      const which = { container: name, attempt: attemptOf(run) };
      await node.runtime.remove(run.id);
      await node.files.remove(containerLogPath(node.paths, pod, which));
      await node.files.remove(terminationMessageFile(node.paths, uidOf(pod), which));
    }
  }
  for (const run of containers) {
    const known = names.has(run.labels[labelNames.containerName] ?? "");
    if (!known && run.state !== "running") await node.runtime.remove(run.id);
  }
}

/** Removes everything that is left of a pod whose containers have ended and whose volumes and network are gone. */
export async function cleanUpPod(node: NodeContext, pod: Pod): Promise<void> {
  const uid = uidOf(pod);
  for (const { id } of await node.runtime.list(uid)) await node.runtime.remove(id);
  await node.files.remove(podDir(node.paths, uid));
  await node.files.remove(podLogDir(node.paths, pod));
  await removeControlGroup(node, cgroupOf(pod));
  node.statuses.remove(uid);
  node.prober.remove(uid);
  node.objects.unregister(uid);
  node.backOff.forget(`${uid}/`);
}

/** A pod that the runtime, the disk or the network remembers and nobody else does. */
export async function removeOrphan(node: NodeContext, uid: string): Promise<void> {
  const containers = await node.runtime.list(uid);
  const graceOf = ({ labels }: ContainerState) =>
    Number(labels[labelNames.gracePeriod] ?? 30) * 1000;
  await Promise.all(containers.map((state) => node.runtime.stop(state.id, graceOf(state))));
  for (const { id } of containers) await node.runtime.remove(id);
  await node.volumes.tearDown(uid);
  await node.sandboxes.remove(uid);
  await node.files.remove(podDir(node.paths, uid));
  for (const name of await node.files.list(node.paths.podLogsDir)) {
    if (name.endsWith(`_${uid}`)) await node.files.remove(`${node.paths.podLogsDir}/${name}`);
  }
  for (const tier of ["", "/burstable", "/besteffort"]) {
    await removeControlGroup(node, `/kubepods${tier}/pod${uid}`);
  }
}
