import type {
  Pod,
  PodSecurityContext,
  SecurityContext,
} from "../../shared/api/core/v1/types.gen.ts";
import type { FileSystem } from "../host/file_system.ts";
import {
  type ContainerConfig,
  type ContainerSecurity,
  type ImageInfo,
  labelNames,
  type Mount,
} from "../runtime/runtime_service.ts";
import type { MountedVolume } from "../volumes/plugin.ts";
import { resolveSubPath } from "../volumes/sub_path.ts";
import { ContainerConfigError } from "./environment.ts";
import { expand } from "./expansion.ts";
import { hostnameOf } from "./name_resolution.ts";
import { uidOf } from "./pod_containers.ts";
import {
  containerLogPath,
  type KubeletPaths,
  podDir,
  terminationMessageFile,
} from "./pod_paths.ts";
import { qosClassOf } from "../../shared/api/core/v1/qos_class.ts";
import { containerResources } from "./resources.ts";
import type { Sandbox } from "./sandbox.ts";
import { type PlannedStart, podText } from "./sync_pod.ts";

/** Everything that one run of a container is made of. */
export interface ContainerConfigInput {
  readonly pod: Pod;
  readonly start: PlannedStart;
  readonly sandbox: Sandbox;
  readonly image: ImageInfo;
  readonly env: ReadonlyMap<string, string>;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly paths: KubeletPaths;
  readonly files: FileSystem;
  readonly clusterDomain: string;
  readonly nodeMemoryBytes: number;
  /** Path of the process namespace that the pod's containers share, when it asks for that. */
  readonly pidNamespace?: string;
  /** Where `seccompProfile.localhostProfile` is looked for. */
  readonly seccompDir: string;
}

/** What the runtime is asked to create. Rejects with ContainerConfigError for what the pod asks and cannot have. */
export async function containerConfig(input: ContainerConfigInput): Promise<ContainerConfig> {
  const { pod, start: { container, attempt, type }, sandbox, paths, env } = input;
  const { namespace = "", name = "" } = pod.metadata;
  const uid = uidOf(pod);
  const host = sandbox.network === "host";
  return {
    name: `k8s_${container.name}_${name}_${namespace}_${uid}_${attempt}`,
    image: input.image.id,
    ...(container.command?.length && { command: container.command.map((a) => expand(a, env)) }),
    ...(container.args?.length && { args: container.args.map((a) => expand(a, env)) }),
    ...(container.workingDir && { workingDirectory: container.workingDir }),
    env: Object.fromEntries(env),
    labels: {
      [labelNames.podName]: name,
      [labelNames.podNamespace]: namespace,
      [labelNames.podUid]: uid,
      [labelNames.containerName]: container.name,
      [labelNames.containerType]: type,
      [labelNames.attempt]: String(attempt),
      [labelNames.sandbox]: sandbox.id,
      [labelNames.image]: container.image ?? "",
      [labelNames.gracePeriod]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    },
    mounts: [...await volumeMounts(input), ...ownMounts(input)],
    devices: [],
    namespaces: { network: sandbox.network, ipc: sandbox.ipc, pid: pidOf(input) },
    ...(!host && { hostname: hostnameOf(pod, input.clusterDomain).name }),
    resources: containerResources(pod, container, input.nodeMemoryBytes),
    security: securityOf(input),
    logPath: containerLogPath(paths, pod, { container: container.name, attempt }),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    ...(container.lifecycle?.stopSignal && { stopSignal: container.lifecycle.stopSignal }),
    cgroupParent: cgroupOf(pod),
  };
}

/** The pod's control group, where the reference's `cgroupfs` driver puts it. */
export function cgroupOf(pod: Pod): string {
  const qos = qosClassOf(pod);
  const tier = qos === "Guaranteed" ? "" : `/${qos.toLowerCase()}`;
  return `/kubepods${tier}/pod${uidOf(pod)}`;
}

function pidOf({ pod, pidNamespace }: ContainerConfigInput): string {
  return pod.spec?.hostPID ? "host" : pidNamespace ?? "private";
}

const propagations = {
  None: "private",
  HostToContainer: "rslave",
  Bidirectional: "rshared",
} as const;

async function volumeMounts(input: ContainerConfigInput): Promise<Mount[]> {
  const { start: { container }, volumes, files, env } = input;
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (!volume) throw new ContainerConfigError(`volume "${mount.name}" is not mounted`);
    const subPath = mount.subPathExpr ? expandAll(mount.subPathExpr, env) : mount.subPath ?? "";
    const source = subPath === "" ? volume.path : await resolveSubPath(files, volume.path, subPath)
      .catch((error) => {
        throw new ContainerConfigError(
          `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`,
          { cause: error },
        );
      });
    const propagation =
      propagations[(mount.mountPropagation ?? "None") as keyof typeof propagations];
    mounts.push({
      source,
      target: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
      readOnly: (mount.readOnly ?? false) || (volume.readOnly ?? false),
      ...(propagation && propagation !== "private" && { propagation }),
    });
  }
  return mounts;
}

function expandAll(text: string, env: ReadonlyMap<string, string>): string {
  const expanded = expand(text, env);
  if (/\$\([^)]*\)/.test(expanded)) {
    throw new ContainerConfigError(`missing value for subPathExpr ${JSON.stringify(text)}`);
  }
  return expanded;
}

/** What every container gets beside its volumes, except where a volume takes the place. */
function ownMounts(input: ContainerConfigInput): Mount[] {
  const { pod, start: { container, attempt }, sandbox, paths } = input;
  const uid = uidOf(pod);
  const directory = podDir(paths, uid);
  const readOnlyRoot = container.securityContext?.readOnlyRootFilesystem ?? false;
  const own: Mount[] = [
    { source: `${directory}/etc-hosts`, target: "/etc/hosts", readOnly: readOnlyRoot },
    { source: `${directory}/resolv.conf`, target: "/etc/resolv.conf", readOnly: readOnlyRoot },
    {
      source: terminationMessageFile(paths, uid, { container: container.name, attempt }),
      target: container.terminationMessagePath ?? "/dev/termination-log",
      readOnly: false,
    },
    ...(sandbox.shmDir ? [{ source: sandbox.shmDir, target: "/dev/shm", readOnly: false }] : []),
  ];
  const taken = new Set((container.volumeMounts ?? []).map(({ mountPath }) => mountPath));
  return own.filter(({ target }) => !taken.has(target));
}

function securityOf(input: ContainerConfigInput): ContainerSecurity {
  const { pod, start: { container }, seccompDir } = input;
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const user = userOf(input, own, shared);
  const apparmor = apparmorOf(own, shared);
  const privileged = own.privileged ?? false;
  return {
    privileged,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    ...(user !== undefined && { user }),
    groups: [
      ...(shared.supplementalGroups ?? []),
      ...(shared.fsGroup === undefined ? [] : [shared.fsGroup]),
    ],
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    seccomp: privileged ? "Unconfined" : seccompOf(own, shared, seccompDir),
    ...(apparmor !== undefined && { apparmor }),
    unmaskProc: own.procMount === "Unmasked",
    sysctls: Object.fromEntries((shared.sysctls ?? []).map(({ name, value }) => [name, value])),
  };
}

function seccompOf(own: SecurityContext, shared: PodSecurityContext, directory: string): string {
  const profile = own.seccompProfile ?? shared.seccompProfile;
  if (!profile) return "Unconfined";
  return profile.type === "Localhost"
    ? `${directory}/${profile.localhostProfile ?? ""}`
    : profile.type;
}

function apparmorOf(own: SecurityContext, shared: PodSecurityContext): string | undefined {
  const profile = own.appArmorProfile ?? shared.appArmorProfile;
  if (profile?.type === "Unconfined") return "unconfined";
  return profile?.type === "Localhost" ? profile.localhostProfile : undefined;
}

/** `uid`, `uid:gid`, or undefined for the image's own. Refuses root where the pod forbids it. */
function userOf(
  { pod, start: { container }, image }: ContainerConfigInput,
  own: SecurityContext,
  shared: PodSecurityContext,
): string | undefined {
  const uid = own.runAsUser ?? shared.runAsUser;
  const gid = own.runAsGroup ?? shared.runAsGroup;
  if (own.runAsNonRoot ?? shared.runAsNonRoot) {
    const problem = rootProblem(uid, image.user);
    if (problem) {
      const where = `(pod: "${podText(pod)}", container: ${container.name})`;
      throw new ContainerConfigError(`${problem} ${where}`);
    }
  }
  if (uid === undefined && gid === undefined) return undefined;
  const effective = uid ?? (image.user.split(":")[0] || "0");
  return gid === undefined ? String(effective) : `${effective}:${gid}`;
}

function rootProblem(uid: number | undefined, imageUser: string): string | undefined {
  if (uid === 0) return "container's runAsUser breaks non-root policy";
  if (uid !== undefined) return undefined;
  const user = imageUser.split(":")[0]!;
  if (user === "" || user === "0") return "container has runAsNonRoot and image will run as root";
  if (/^\d+$/.test(user)) return undefined;
  return `container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root`;
}
