import type { Clock } from "../shared/clock/clock.ts";
import type { Log } from "../shared/log/log.ts";
import type { AgentConfig } from "./config.ts";
import { removeControlGroup, removeEmptyControlGroup } from "./host/control_group.ts";
import { killProcess } from "./host/deno_host.ts";
import { type FileSystem, readText } from "./host/file_system.ts";
import type { Host } from "./host/host.ts";
import { CniNetwork } from "./network/cni/cni_network.ts";
import { pluginDirectories } from "./network/node_network.ts";
import { removeNetwork } from "./network/remove_network.ts";
import { createBackend } from "./proxy/create_backend.ts";
import { PodmanRuntime } from "./runtime/podman/podman_runtime.ts";
import { labelNames, type RuntimeService } from "./runtime/runtime_service.ts";

/** A node that is taken apart. Its agent must not run. */
export interface Removal {
  readonly host: Host;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Pick<
    AgentConfig,
    "dataDir" | "nodeName" | "ownStorage" | "ociRuntime" | "clusterDns" | "clusterCidr"
  >;
}

/** Where the agent has what a reboot may take: Podman's socket, configuration and run state. */
export function runDirOf({ nodeName }: Pick<AgentConfig, "nodeName">): string {
  return `/run/coracle/${nodeName}`;
}

/** How long a container may take to end by itself. */
const GRACE_MS = 2_000;

/**
 * Removes every container of pods, with network, mounts and logs; resolves to the UIDs of the pods. The agent would
 * start them again.
 */
export async function removePods(removal: Removal): Promise<string[]> {
  const { host, files, log, config } = removal;
  const uids = new Set<string>();
  if (await host.has("podman")) {
    for (const uid of await removeContainers(removal)) uids.add(uid);
  }
  const network = new CniNetwork({
    host,
    files,
    log,
    dataDir: `${config.dataDir}/network/results`,
    pluginDirectories,
  });
  for (const uid of await network.list()) {
    uids.add(uid);
    await network.tearDown(uid);
  }
  const podsDir = `${config.dataDir}/kubelet/pods`;
  for (const uid of await files.list(podsDir)) uids.add(uid);
  await unmountBelow(removal, podsDir);
  await files.remove(podsDir);
  for (const uid of uids) await removeTraces(removal, uid);
  return [...uids];
}

/**
 * Removes all that a node is made of, apart from its data directory: pods, rules, devices, mounts, run state. Resolves
 * to the names that only this node's things bear: its directories, and its pods' namespaces and UIDs.
 */
export async function removeNode(removal: Removal): Promise<string[]> {
  const { host, files, log, config } = removal;
  const uids = await removePods(removal);
  const { clusterCidr } = config;
  await (await createBackend("iptables", { host, log, clusterCidr })).cleanup();
  await removeNetwork(removal, `${config.dataDir}/network`);
  await host.run("ip", ["address", "delete", `${config.clusterDns}/32`, "dev", "lo"]);
  await endPodmanService(removal);
  for (const directory of [config.dataDir, runDirOf(config)]) {
    await unmountBelow(removal, directory);
  }
  await files.remove(runDirOf(config));
  await files.removeDirectory("/run/coracle");
  for (const group of ["/kubepods/burstable", "/kubepods/besteffort", "/kubepods"]) {
    await removeEmptyControlGroup(files, group);
  }
  return [config.dataDir, runDirOf(config), ...uids];
}

async function removeContainers(removal: Removal): Promise<string[]> {
  const { host, files, clock, log, config } = removal;
  const runtime: RuntimeService = new PodmanRuntime({
    runDir: runDirOf(config),
    ...(config.ownStorage && { storageDir: `${config.dataDir}/containers` }),
    ...(config.ociRuntime && { ociRuntime: config.ociRuntime }),
  }, { host, files, clock, log });
  await runtime.open();
  try {
    const containers = await runtime.list();
    await Promise.all(containers.map(async ({ id }) => {
      await runtime.stop(id, GRACE_MS);
      await runtime.remove(id);
    }));
    return containers.flatMap(({ labels }) => labels[labelNames.podUid] ?? []);
  } finally {
    await runtime.close();
  }
}

/** The service of an agent that was killed goes on until it has had nothing to do for a minute. */
async function endPodmanService({ files, config }: Removal): Promise<void> {
  const address = `unix://${runDirOf(config)}/podman.sock`;
  for (const name of await files.list("/proc")) {
    const line = /^\d+$/.test(name)
      ? await readText(files, `/proc/${name}/cmdline`).catch(() => undefined)
      : undefined;
    if (line?.split("\0").includes(address)) killProcess(Number(name));
  }
}

/** Logs and control groups of a pod. */
async function removeTraces(removal: Removal, uid: string): Promise<void> {
  const { files } = removal;
  const logs = "/var/log/pods";
  for (const name of await files.list(logs)) {
    if (name.endsWith(`_${uid}`)) await files.remove(`${logs}/${name}`);
  }
  await files.removeDirectory(logs);
  for (const tier of ["", "/burstable", "/besteffort"]) {
    await removeControlGroup(removal, `/kubepods${tier}/pod${uid}`);
  }
}

/** Unmounts whatever is mounted at or below `directory`, the deepest first. */
async function unmountBelow({ host, files }: Removal, directory: string): Promise<void> {
  for (
    const path of mountsBelow((await readText(files, "/proc/self/mountinfo")) ?? "", directory)
  ) {
    await host.run("umount", ["-l", path]);
  }
}

/** Mount points at or below `directory` in the text of /proc/self/mountinfo (proc(5)), the deepest first. */
export function mountsBelow(mountinfo: string, directory: string): string[] {
  return mountinfo.split("\n")
    .map((line) => (line.split(" ")[4] ?? "").replaceAll("\\040", " "))
    .filter((path) => path === directory || path.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}
