import type { ContainerConfig, ContainerNamespaces, Mount } from "../runtime_service.ts";

/** One machine's limits that decide what may be asked of the kernel. */
export interface SpecLimits {
  /** Lowest out-of-memory adjustment that this agent may set. */
  readonly lowestOomScoreAdjust: number;
}

/** A log that grows over this begins anew: a chatty container must not fill the disk. */
const LOG_LIMIT_BYTES = 50 * 2 ** 20;

interface NamespaceSpec {
  readonly nsmode: string;
  readonly value?: string;
}

/**
 * The body of Podman's container create (`SpecGenerator` in its API). Whatever Podman would add by itself and a
 * Kubernetes container must not see is switched off here.
 */
export function createSpec(config: ContainerConfig, limits: SpecLimits): Record<string, unknown> {
  const { security, namespaces } = config;
  return {
    name: config.name,
    ...(config.rootfs ? { rootfs: config.rootfs } : { image: config.image }),
    ...(config.command && { entrypoint: config.command }),
    ...(config.args && { command: config.args }),
    ...(config.workingDirectory && { work_dir: config.workingDirectory }),
    env: config.env,
    unsetenv: ["container", "TERM"].filter((name) => !(name in config.env) && !config.tty),
    httpproxy: false,
    labels: config.labels,
    mounts: config.mounts.map(mountSpec),
    image_volume_mode: "anonymous",
    devices: config.devices.map((path) => ({ path })),
    netns: namespace(namespaces.network),
    ipcns: namespace(namespaces.ipc),
    pidns: namespace(namespaces.pid),
    ...hostnameSpec(config, namespaces),
    use_image_hosts: true,
    resource_limits: resourceSpec(config),
    ...(config.resources.oomScoreAdjust !== undefined && {
      oom_score_adj: Math.max(config.resources.oomScoreAdjust, limits.lowestOomScoreAdjust),
    }),
    cgroup_parent: config.cgroupParent,
    ...securitySpec(config),
    sysctl: security.sysctls,
    log_configuration: { driver: "k8s-file", path: config.logPath, size: LOG_LIMIT_BYTES },
    stdin: config.stdin,
    terminal: config.tty,
    ...(config.stopSignal && { stop_signal: signalNumber(config.stopSignal) }),
    systemd: "false",
  };
}

function securitySpec({ security }: ContainerConfig): Record<string, unknown> {
  return {
    privileged: security.privileged,
    read_only_filesystem: security.readOnlyRootFilesystem,
    no_new_privileges: security.noNewPrivileges,
    ...(security.user !== undefined && { user: security.user }),
    groups: security.groups.map(String),
    cap_add: security.addCapabilities.map(capability),
    cap_drop: security.dropCapabilities.map(capability),
    ...(security.seccomp !== "RuntimeDefault" && {
      seccomp_profile_path: security.seccomp === "Unconfined" ? "unconfined" : security.seccomp,
    }),
    ...(security.apparmor !== undefined && { apparmor_profile: security.apparmor }),
    ...(security.unmaskProc && { unmask: ["ALL"] }),
  };
}

function resourceSpec({ resources }: ContainerConfig): Record<string, unknown> {
  return {
    cpu: {
      ...(resources.cpuShares !== undefined && { shares: resources.cpuShares }),
      ...(resources.cpuQuota !== undefined && { quota: resources.cpuQuota }),
      ...(resources.cpuPeriod !== undefined && { period: resources.cpuPeriod }),
    },
    // Swap equal to memory means no swap: a pod's limit is all it gets.
    ...(resources.memoryBytes !== undefined && {
      memory: { limit: resources.memoryBytes, swap: resources.memoryBytes },
    }),
  };
}

function hostnameSpec(config: ContainerConfig, namespaces: ContainerNamespaces) {
  if (namespaces.network === "host") return { utsns: { nsmode: "host" } };
  return { utsns: { nsmode: "private" }, ...(config.hostname && { hostname: config.hostname }) };
}

function namespace(from: string): NamespaceSpec {
  if (from.startsWith("/")) return { nsmode: "path", value: from };
  return { nsmode: from };
}

function mountSpec(mount: Mount): Record<string, unknown> {
  const options = ["rbind", mount.readOnly ? "ro" : "rw", `${mount.propagation ?? "rprivate"}`];
  return {
    type: "bind",
    source: mount.source,
    destination: mount.target,
    options: options.map((option) => option === "private" ? "rprivate" : option),
  };
}

function capability(name: string): string {
  return name === "ALL" || name.startsWith("CAP_") ? name : `CAP_${name}`;
}

const signals: readonly string[] =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
    .split(" ");

/** The number of `SIGTERM` and the like (Linux, signal(7)); 15 for what is unknown. */
export function signalNumber(name: string): number {
  const number = signals.indexOf(name.replace(/^SIG/, "")) + 1;
  return number > 0 ? number : 15;
}
