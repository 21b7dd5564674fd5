import type { Duplex } from "node:stream";

/** Labels that every container of a pod carries; they are how state is found again after a restart. */
export const labelNames = {
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
  containerName: "io.kubernetes.container.name",
  containerType: "coracle.dev/container-type",
  /** How often the container had been started before this one. */
  attempt: "io.kubernetes.container.restartCount",
  /** The sandbox it was started in: containers of an earlier sandbox are history. */
  sandbox: "coracle.dev/sandbox",
  /** The image as the pod's spec names it. */
  image: "coracle.dev/image",
  gracePeriod: "io.kubernetes.pod.terminationGracePeriod",
} as const;

export interface Mount {
  /** Absolute path on the node. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly readOnly: boolean;
  readonly propagation?: "private" | "rslave" | "rshared";
}

/** Linux limits; an absent field is no limit. */
export interface ContainerResources {
  readonly cpuShares?: number;
  /** Microseconds per `cpuPeriod`. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  readonly memoryBytes?: number;
  readonly oomScoreAdjust?: number;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  /** `uid`, `uid:gid`; absent means what the image says. */
  readonly user?: string;
  readonly groups: readonly number[];
  /** Without `CAP_`; `ALL` is allowed. */
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  /** `Unconfined`, `RuntimeDefault` or the path of a profile on the node. */
  readonly seccomp: string;
  /** AppArmor profile; absent means the runtime's own choice. */
  readonly apparmor?: string;
  /** `/proc` unmasked, as `procMount: Unmasked` asks. */
  readonly unmaskProc: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
}

/** Where a container's namespaces come from. */
export interface ContainerNamespaces {
  /** `host`, or the path of a network namespace. */
  readonly network: string;
  /** `host`, `private`, or the path of an IPC namespace. */
  readonly ipc: string;
  /** `host`, `private`, or the path of a process namespace. */
  readonly pid: string;
}

/** Everything needed to create one container. Nothing is looked up later. */
export interface ContainerConfig {
  /** Unique on the node. */
  readonly name: string;
  /** An image that `find` knows: name or ID. Empty with `rootfs`. */
  readonly image: string;
  /** Instead of an image: a directory on the node. Containers share it. */
  readonly rootfs?: string;
  /** Replaces the image's entry point and, as in Kubernetes, its default arguments too. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDirectory?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly devices: readonly string[];
  readonly namespaces: ContainerNamespaces;
  readonly hostname?: string;
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
  /** Absolute path; written in the CRI log format (`time stream F|P text`). Its directory exists. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly stopSignal?: string;
  /** Path of the pod's control group below the runtime's root, e.g. `/kubepods/burstable/pod<uid>`. */
  readonly cgroupParent: string;
}

/** A container as the runtime knows it now. Times are wall-clock milliseconds; 0 means never. */
export interface ContainerState {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `created` is also what a container killed between create and start looks like. */
  readonly state: "created" | "running" | "exited";
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly image: string;
  readonly imageId: string;
  readonly logPath: string;
  /** 0 unless running. */
  readonly pid: number;
}

export interface ImageInfo {
  /** `sha256:…`, or without the prefix, as the runtime gives it. */
  readonly id: string;
  readonly names: readonly string[];
  /** `name@sha256:…`. */
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The image's user: a number, a name, or empty for root. */
  readonly user: string;
}

/** Credentials for one pull. Never logged. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** A container began or ended; `resync` means some of these may have been missed. */
export type RuntimeEvent =
  | { readonly type: "started" | "died" | "removed"; readonly id: string; readonly podUid: string }
  | { readonly type: "resync" };

export interface ExecResult {
  readonly exitCode: number;
  /** Standard output and error together, cut at 64 KiB. */
  readonly output: string;
}

export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
  readonly signal?: AbortSignal;
}

/**
 * An open exec or attach. Both outputs end when the program ends; with a terminal everything comes on `stdout`.
 * Whoever opened it must read both outputs or close it.
 */
export interface ContainerStream {
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /** Resolves to the exit code once the outputs have ended; for attach to 0 when the container ended or we left. */
  readonly exit: Promise<number>;
  resize(columns: number, rows: number): Promise<void>;
  close(): void;
}

/** What a container uses. Cumulative CPU in nanoseconds, memory in bytes. */
export interface ContainerStats {
  readonly id: string;
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
  readonly processes: number;
}

/** A refusal of the runtime. `code` tells what callers treat apart. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  constructor(
    readonly code: "NotFound" | "Conflict" | "NotRunning" | "TimedOut" | "Unavailable" | "Failed",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface RuntimeVersion {
  /** `podman`; the scheme of container IDs in a pod's status. */
  readonly name: string;
  readonly version: string;
}

/** Containers. All methods reject with RuntimeError; all may be repeated. */
export interface ContainerService {
  /** Resolves to the new container's ID; Conflict if the name is in use. */
  create(config: ContainerConfig): Promise<string>;
  /** Resolves when its first process runs. */
  start(id: string): Promise<void>;
  /** Sends the stop signal, then kills after `graceMs`. Resolves when it has ended; fine if it had, or is gone. */
  stop(id: string, graceMs: number): Promise<void>;
  /** Kills and removes. Fine if it is gone. */
  remove(id: string): Promise<void>;
  /** All containers of this agent, or those of one pod. */
  list(podUid?: string): Promise<ContainerState[]>;
  /** Never ends by itself; says `resync` first and whenever events may have been missed. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  stats(ids: readonly string[]): Promise<ContainerStats[]>;
}

/** Images. */
export interface ImageService {
  find(image: string): Promise<ImageInfo | undefined>;
  /** Resolves when the image is there. */
  pull(image: string, login: RegistryLogin | undefined, signal: AbortSignal): Promise<ImageInfo>;
  listImages(): Promise<ImageInfo[]>;
  /** Fine if it is gone; Conflict if a container uses it. */
  removeImage(id: string): Promise<void>;
}

/** Ways into a running container. */
export interface StreamService {
  /** Runs a program to its end; TimedOut after `timeoutMs`, when it is killed. NotRunning if the container is not. */
  exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  /** Starts a program with streams. */
  execStream(
    id: string,
    command: readonly string[],
    options: StreamOptions,
  ): Promise<ContainerStream>;
  /** Joins the container's own streams. */
  attachStream(id: string, options: StreamOptions): Promise<ContainerStream>;
  /** Connects to `localhost:port` inside a network namespace (`host` or its path), for port-forward. */
  dial(network: string, port: number): Promise<Duplex>;
}

/** A container engine on this node: Podman, a CRI server, or a fake. */
export interface RuntimeService extends ContainerService, ImageService, StreamService {
  version(): Promise<RuntimeVersion>;
  /** Gets it ready: processes, sockets. Rejects if the engine cannot work here and says why. */
  open(): Promise<void>;
  /** Lets go of processes and sockets; containers go on. */
  close(): Promise<void>;
}
