import type { EphemeralContainer, Pod } from "../../shared/api/core/v1/types.gen.ts";
import { pauseProgram } from "../runtime/pause_program.ts";
import { type ContainerState, labelNames } from "../runtime/runtime_service.ts";
import { cgroupOf } from "./container_config.ts";
import type { NodeContext } from "./node_context.ts";
import { runsOf, uidOf } from "./pod_containers.ts";
import { podDir } from "./pod_paths.ts";
import type { Sandbox } from "./sandbox.ts";

/** The type label of the container that holds a shared process namespace. It is no container of the pod's. */
const HOLDER_TYPE = "sandbox";

/** Whether this is not one of the pod's own containers. */
export function isHolder({ labels }: ContainerState): boolean {
  return labels[labelNames.containerType] === HOLDER_TYPE;
}

/** Whether the pod's containers see each other's processes. */
export function sharesProcesses({ spec }: Pod): boolean {
  return (spec?.shareProcessNamespace ?? false) && !spec?.hostPID;
}

/**
 * The path of the process namespace that the pod's containers share. The container that holds it is the one that
 * runs in this sandbox, or a new one: it begins before the first container and ends with the sandbox.
 */
export async function ensureHolder(
  pod: Pod,
  sandbox: Sandbox,
  node: NodeContext,
): Promise<string> {
  const uid = uidOf(pod);
  for (const state of (await node.runtime.list(uid)).filter(isHolder)) {
    const ours = state.labels[labelNames.sandbox] === sandbox.id;
    if (ours && state.state === "running") return pathOf(state);
    await node.runtime.remove(state.id);
  }
  const rootfs = node.paths.pauseDir;
  await node.files.makeDirectory(rootfs, 0o755);
  await node.files.write(`${rootfs}/pause`, pauseProgram(Deno.build.arch), { mode: 0o755 });
  const id = await node.runtime.create({
    name: `k8s_POD_${pod.metadata.name}_${pod.metadata.namespace}_${uid}_0`,
    image: "",
    rootfs,
    command: ["/pause"],
    env: {},
    labels: {
      [labelNames.podName]: pod.metadata.name ?? "",
      [labelNames.podNamespace]: pod.metadata.namespace ?? "",
      [labelNames.podUid]: uid,
      [labelNames.containerType]: HOLDER_TYPE,
      [labelNames.sandbox]: sandbox.id,
    },
    mounts: [],
    devices: [],
    namespaces: { network: sandbox.network, ipc: sandbox.ipc, pid: "private" },
    resources: { cpuShares: 2 },
    security: {
      privileged: false,
      readOnlyRootFilesystem: true,
      noNewPrivileges: true,
      user: "65535:65535",
      groups: [],
      addCapabilities: [],
      dropCapabilities: ["ALL"],
      seccomp: "RuntimeDefault",
      unmaskProc: false,
      sysctls: {},
    },
    logPath: `${podDir(node.paths, uid)}/pause.log`,
    stdin: false,
    stdinOnce: false,
    tty: false,
    cgroupParent: cgroupOf(pod),
  });
  await node.runtime.start(id);
  const state = (await node.runtime.list(uid)).find((one) => one.id === id);
  if (state?.state !== "running") throw new Error("the process namespace's holder does not run");
  return pathOf(state);
}

/**
 * The process namespace that an ephemeral container asks to see: that of the container it names (`kubectl debug
 * --target`). Undefined if it asks for none, or that container does not run.
 */
export async function processesOf(
  { container }: { readonly container: EphemeralContainer },
  containers: () => Promise<readonly ContainerState[]>,
): Promise<string | undefined> {
  const { targetContainerName } = container;
  if (!targetContainerName) return undefined;
  const [newest] = runsOf(await containers(), targetContainerName);
  return newest?.state === "running" ? pathOf(newest) : undefined;
}

function pathOf({ pid }: ContainerState): string {
  return `/proc/${pid}/ns/pid`;
}

/** Removes it. Fine if there is none. */
export async function removeHolder(uid: string, node: NodeContext): Promise<void> {
  for (const state of (await node.runtime.list(uid)).filter(isHolder)) {
    await node.runtime.remove(state.id);
  }
}
