import type { Pod } from "../../shared/api/core/v1/types.gen.ts";
import { type Clock, timestamp } from "../../shared/clock/clock.ts";
import { type FileSystem, readText } from "../host/file_system.ts";
import { uidOf } from "../kubelet/pod_containers.ts";
import {
  type ContainerState,
  type ContainerStats,
  labelNames,
  type RuntimeService,
} from "../runtime/runtime_service.ts";
import type { PodAccess } from "./exchange.ts";

export interface StatsDependencies {
  readonly nodeName: string;
  readonly pods: PodAccess;
  readonly runtime: RuntimeService;
  readonly files: FileSystem;
  readonly clock: Clock;
}

interface Usage {
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
}

/** The kernel's clock ticks a second in `/proc/stat`: 100 on every architecture that Linux has now. */
const ticksPerSecond = 100;

/** `Summary` of the kubelet's stats API (`stats/v1alpha1`): processor and memory of the node, its pods, their containers. */
export async function statsSummary(deps: StatsDependencies): Promise<unknown> {
  const { nodeName, pods, clock, files } = deps;
  const time = timestamp(clock.now());
  const usage = await nodeUsage(files);
  const containers = await containerStats(deps);
  return {
    node: { nodeName, ...usageFields(time, usage) },
    pods: pods.list().map((pod) => podStats(pod, containers.get(uidOf(pod)) ?? [], time)),
  };
}

/** The same in the Prometheus text of `/metrics/resource`, as metrics-server reads it. */
export async function resourceMetrics(deps: StatsDependencies): Promise<string> {
  const { pods, files } = deps;
  const node = await nodeUsage(files);
  const containers = await containerStats(deps);
  const cpu: string[] = [];
  const memory: string[] = [];
  for (const pod of pods.list()) {
    const { name = "", namespace = "" } = pod.metadata;
    for (const { name: container, stats } of containers.get(uidOf(pod)) ?? []) {
      const labels = `{container="${container}",namespace="${namespace}",pod="${name}"}`;
      cpu.push(`container_cpu_usage_seconds_total${labels} ${stats.cpuNanoseconds / 1e9}`);
      memory.push(`container_memory_working_set_bytes${labels} ${stats.memoryBytes}`);
    }
  }
  return [
    "# TYPE container_cpu_usage_seconds_total counter",
    ...cpu,
    "# TYPE container_memory_working_set_bytes gauge",
    ...memory,
    "# TYPE node_cpu_usage_seconds_total counter",
    `node_cpu_usage_seconds_total ${node.cpuNanoseconds / 1e9}`,
    "# TYPE node_memory_working_set_bytes gauge",
    `node_memory_working_set_bytes ${node.memoryBytes}`,
    "",
  ].join("\n");
}

interface NamedStats {
  readonly name: string;
  readonly state: ContainerState;
  readonly stats: ContainerStats;
}

/** By pod UID. One question to the runtime for all. */
async function containerStats(
  { runtime }: StatsDependencies,
): Promise<ReadonlyMap<string, readonly NamedStats[]>> {
  const running = (await runtime.list()).filter(({ state }) => state === "running");
  const stats = new Map(
    (await runtime.stats(running.map(({ id }) => id))).map((one) => [one.id, one]),
  );
  const byPod = new Map<string, NamedStats[]>();
  for (const state of running) {
    const found = stats.get(state.id);
    const uid = state.labels[labelNames.podUid] ?? "";
    if (!found) continue;
    const list = byPod.get(uid) ?? [];
    list.push({ name: state.labels[labelNames.containerName] ?? "", state, stats: found });
    byPod.set(uid, list);
  }
  return byPod;
}

function podStats(pod: Pod, containers: readonly NamedStats[], time: string): unknown {
  const { name, namespace, uid } = pod.metadata;
  const sum = (pick: (stats: ContainerStats) => number) =>
    containers.reduce((total, { stats }) => total + pick(stats), 0);
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? null,
    containers: containers.map(({ name, state, stats }) => ({
      name,
      startTime: timestamp(state.startedAt),
      ...usageFields(time, stats),
    })),
    ...usageFields(time, {
      cpuNanoseconds: sum((stats) => stats.cpuNanoseconds),
      memoryBytes: sum((stats) => stats.memoryBytes),
    }),
    process_stats: { process_count: sum((stats) => stats.processes) },
  };
}

function usageFields(time: string, { cpuNanoseconds, memoryBytes }: Usage) {
  return {
    cpu: { time, usageCoreNanoSeconds: cpuNanoseconds },
    memory: { time, usageBytes: memoryBytes, workingSetBytes: memoryBytes },
  };
}

/** Processor time since boot without idling, and memory that cannot be had back. */
async function nodeUsage(files: FileSystem): Promise<Usage> {
  const stat = await readText(files, "/proc/stat") ?? "";
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    (/^cpu +(.*)$/m.exec(stat)?.[1] ?? "").split(" ").map(Number);
  const info = await readText(files, "/proc/meminfo") ?? "";
  const kib = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(info)?.[1] ?? 0);
  const ticks = user + nice + system + irq + softirq + steal;
  return {
    cpuNanoseconds: ticks * (1e9 / ticksPerSecond),
    memoryBytes: (kib("MemTotal") - kib("MemAvailable")) * 1024,
  };
}
