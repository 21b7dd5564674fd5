import type { FileSystem } from "../../host/file_system.ts";
import { readText } from "../../host/file_system.ts";
import type { Host } from "../../host/host.ts";

/** What decides how containers can be run on this machine. */
export interface EngineFacts {
  readonly ociRuntime: string;
  /** Hard limits that a container may be given: no more than our own. Absent: the runtime's default. */
  readonly openFiles: number | undefined;
  readonly processes: number | undefined;
  /** Lowest out-of-memory adjustment we may set. */
  readonly lowestOomScoreAdjust: number;
  /** Whether Podman learns that the kernel killed for want of memory: not with cgroup v1. */
  readonly seesOomKills: boolean;
}

/** CAP_SYS_RESOURCE: without it limits cannot be raised nor out-of-memory adjustments lowered. */
const CAP_SYS_RESOURCE = 24n;

/**
 * Looks at the machine. crun refuses control groups of the mixed layout (v1 controllers with a v2 tree beside
 * them), so it is chosen only for a pure layout; runc works on all. Rejects if neither is installed.
 */
export async function detectEngine(
  host: Host,
  files: FileSystem,
  wanted?: string,
): Promise<EngineFacts> {
  const limits = (await readText(files, "/proc/self/limits")) ?? "";
  const status = (await readText(files, "/proc/self/status")) ?? "";
  const own = Number((await readText(files, "/proc/self/oom_score_adj")) ?? "0");
  const pidMax = Number((await readText(files, "/proc/sys/kernel/pid_max")) ?? "32768");
  const mayRaise = hasCapability(status, CAP_SYS_RESOURCE);
  return {
    ociRuntime: wanted ?? await chooseRuntime(host, files),
    openFiles: mayRaise ? undefined : Math.min(hardLimit(limits, "Max open files"), 1_048_576),
    // Podman lowers its own limit to pid_max when it starts, and a child cannot have more than it.
    processes: mayRaise ? undefined : Math.min(hardLimit(limits, "Max processes"), pidMax),
    lowestOomScoreAdjust: mayRaise ? -1000 : own,
    seesOomKills: (await files.stat("/sys/fs/cgroup/cgroup.controllers")) !== undefined,
  };
}

async function chooseRuntime(host: Host, files: FileSystem): Promise<string> {
  const mixed = (await files.stat("/sys/fs/cgroup/unified")) !== undefined;
  const order = mixed ? ["runc"] : ["crun", "runc"];
  for (const name of order) if (await host.has(name)) return name;
  throw new Error(
    mixed
      ? "Cannot run containers: this machine mixes cgroup v1 and v2, which needs runc, and it is not installed"
      : "Cannot run containers: neither crun nor runc is installed",
  );
}

function hardLimit(limits: string, name: string): number {
  const line = limits.split("\n").find((candidate) => candidate.startsWith(name));
  const [, hard] = line?.slice(26).trim().split(/\s+/) ?? [];
  return hard === undefined || hard === "unlimited" ? Infinity : Number(hard);
}

function hasCapability(status: string, bit: bigint): boolean {
  const hex = status.match(/^CapEff:\s*([0-9a-f]+)$/m)?.[1];
  return hex !== undefined && ((BigInt(`0x${hex}`) >> bit) & 1n) === 1n;
}

/** Capabilities of an unprivileged container: the set that CRI runtimes give, so that images behave the same. */
const defaultCapabilities = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

/** Our `containers.conf` (containers.conf(5)): the machine's own is not read, so that nodes behave alike. */
export function containersConf(facts: EngineFacts): string {
  const ulimits = [
    ...(facts.openFiles === undefined ? [] : [`nofile=${facts.openFiles}:${facts.openFiles}`]),
    ...(facts.processes === undefined ? [] : [`nproc=${facts.processes}:${facts.processes}`]),
  ];
  const list = (values: readonly string[]) => JSON.stringify(values);
  return [
    "[containers]",
    `default_capabilities = ${list(defaultCapabilities)}`,
    `default_ulimits = ${list(ulimits)}`,
    "default_sysctls = []",
    'log_driver = "k8s-file"',
    "pids_limit = 0",
    "[engine]",
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"',
    // Two helper processes of every exec stay for so long (default 300 s): probes would pile them up.
    "exit_command_delay = 10",
    `runtime = ${JSON.stringify(facts.ociRuntime)}`,
    "",
  ].join("\n");
}
